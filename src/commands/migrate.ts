import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../resources/result.ts';
import { withCluster } from './cluster/connect.ts';
import { CONNECT_HELP, CONNECT_OPTIONS, type ConnectFlags } from './cluster/connect-flags.ts';
import { makeCommand } from './make-command.ts';
import { checkMigration, type MigrateOptions } from './migrate/check.ts';
import { cleanMarks, type CleanOptions } from './migrate/clean.ts';
import { OUTPUT_OPTION, readOutputFormat } from './output/table-output.ts';

const HELP = `Usage: jwt-injector migrate check [-A | -n NS] [-o json|yaml]
       jwt-injector migrate clean [-A | -n NS] [--dry-run] [-o json|yaml]

check   lists what token-manager left and jwt-injector does otherwise: each with the object, the
        reason and the command that fixes it. Nothing is changed, and no private key is shown.
clean   takes token-manager's finalizer and annotations off the JWTs, once it is gone. While a
        Deployment token-manager has pods, nothing is changed: it would sign every JWT again.

  -A, --all-namespaces  the whole cluster
      --dry-run         clean: only list what would be taken off
  -o, --output FORMAT   json or yaml, for scripts
${CONNECT_HELP}
      --legacy-key-namespace NS
                        check: as jwt-injector run will have it, if it will

It uses your own rights, and says what you are not allowed to read. Exit code 0: all is well, or there is
nothing but remarks; 1: something has to be fixed, or could not be cleaned; 2: wrong usage;
3: the cluster refused.
`;

type Options = { readonly flags: ConnectFlags } & (
  | { readonly verb: 'check'; readonly check: MigrateOptions }
  | { readonly verb: 'clean'; readonly clean: CleanOptions }
);

/** `jwt-injector migrate check` and `jwt-injector migrate clean`. */
export const migrateCommand = makeCommand({
  help: HELP,
  readOptions,
  run: (options, io) =>
    withCluster(options.flags, io, (access) =>
      options.verb === 'check'
        ? checkMigration(access, options.check, io)
        : cleanMarks(access, options.clean, io),
    ),
});

function readOptions(args: readonly string[]): Result<Options | 'help', string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'all-namespaces': { type: 'boolean', short: 'A' },
        'dry-run': { type: 'boolean' },
        'legacy-key-namespace': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        ...OUTPUT_OPTION,
        ...CONNECT_OPTIONS,
      },
    });
    if (values.help === true) return ok('help');
    const verb = positionals.join(' ');
    if (verb !== 'check' && verb !== 'clean')
      return fail('migrate knows two things to do: migrate check and migrate clean');
    const {
      'all-namespaces': everywhere = false,
      'dry-run': dryRun,
      'legacy-key-namespace': legacyKeyNamespace,
      ...flags
    } = values;
    if (everywhere && flags.namespace !== undefined) return fail('-A and -n together: give one of them');
    const output = readOutputFormat(flags.output);
    if (!output.ok) return output;
    const common = { everywhere, output: output.value };
    if (verb === 'clean') {
      return legacyKeyNamespace === undefined
        ? ok({ verb, flags, clean: { ...common, dryRun: dryRun ?? false } })
        : fail('--legacy-key-namespace is for migrate check');
    }
    return dryRun === undefined
      ? ok({ verb, flags, check: { ...common, legacyKeyNamespace } })
      : fail('--dry-run is for migrate clean: migrate check changes nothing');
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
