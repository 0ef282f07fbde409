import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../resources/result.ts';
import { withCluster } from './cluster/connect.ts';
import { CONNECT_HELP, CONNECT_OPTIONS, type ConnectFlags } from './cluster/connect-flags.ts';
import { makeCommand } from './make-command.ts';
import { checkMigration, type MigrateOptions } from './migrate/check.ts';
import { OUTPUT_OPTION, readOutputFormat } from './output/table-output.ts';

const HELP = `Usage: jwt-injector migrate check [-A | -n NS] [-o json|yaml]

Lists what token-manager left and jwt-injector does otherwise: each with the object, the reason and
the command that mends it. Nothing is changed, and no private key is read.

  -A, --all-namespaces  the whole cluster
  -o, --output FORMAT   json or yaml, for scripts
${CONNECT_HELP}
      --legacy-key-namespace NS
                        as jwt-injector run will have it, if it will

It uses your own rights, and says what you may not read. Exit code 0: all is well, or there is
nothing but remarks; 1: something has to be mended; 2: wrong usage; 3: the cluster refused.
`;

/** `jwt-injector migrate check`. */
export const migrateCommand = makeCommand({
  help: HELP,
  readOptions,
  run: (options, io) => withCluster(options.flags, io, (access) => checkMigration(access, options, io)),
});

function readOptions(
  args: readonly string[],
): Result<(MigrateOptions & { readonly flags: ConnectFlags }) | 'help', string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'all-namespaces': { type: 'boolean', short: 'A' },
        'legacy-key-namespace': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        ...OUTPUT_OPTION,
        ...CONNECT_OPTIONS,
      },
    });
    if (values.help === true) return ok('help');
    if (positionals.join(' ') !== 'check') return fail('migrate knows one thing to do: migrate check');
    const {
      'all-namespaces': everywhere = false,
      'legacy-key-namespace': legacyKeyNamespace,
      ...flags
    } = values;
    if (everywhere && flags.namespace !== undefined) return fail('-A and -n together: give one of them');
    const output = readOutputFormat(flags.output);
    if (!output.ok) return output;
    return ok({ everywhere, legacyKeyNamespace, output: output.value, flags });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
