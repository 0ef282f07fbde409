import { fail, ok, type Result } from '../resources/result.ts';
import { withCluster } from './cluster/connect.ts';
import {
  CLUSTER_FLAGS,
  KEY_NAMESPACE_FLAG,
  readEverywhere,
  type ConnectFlags,
} from './cluster/connect-flags.ts';
import type { FlagValues } from './parse-flags.ts';
import { makeCommand } from './make-command.ts';
import { checkMigration, type MigrateOptions } from './migrate/check-migration.ts';
import { cleanLeftovers, type CleanOptions } from './migrate/clean.ts';
import { OUTPUT_FLAG, readOutputFormat } from './output/report-output.ts';

const FLAGS = {
  'all-namespaces': { type: 'boolean', short: 'A', help: 'the whole cluster' },
  'dry-run': { type: 'boolean', help: 'clean: only list what would be removed' },
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
  ...KEY_NAMESPACE_FLAG,
} as const;

/** `jwt-injector migrate check` and `jwt-injector migrate clean`. */
export const migrateCommand = makeCommand({
  usage: [
    'migrate check [-A | -n NS] [--legacy-key-namespace NS] [-o json|yaml]',
    'migrate clean [-A | -n NS] [--dry-run] [-o json|yaml]',
  ],
  description: `check: lists what token-manager left in the cluster and what jwt-injector handles differently, each with the
       object, the reason and the command that fixes it. Changes nothing, and never prints a private key.
clean: removes the finalizer and the annotations of token-manager from the JWTs, after token-manager is stopped.
       While token-manager has pods, even ending ones, nothing is changed: it would sign every JWT again.`,
  flags: FLAGS,
  examples: [
    'migrate check -A',
    'migrate check -n science -o json',
    'migrate check -A --legacy-key-namespace=token-manager',
    'migrate clean -A --dry-run',
  ],
  notes: `It uses your own rights, and says what you are not allowed to read. clean takes the rights to list, get and patch JWTs,
and to list Deployments and pods in all namespaces (with --dry-run only to list JWTs). Exit code 0: nothing has to be
fixed; 1: something has to be fixed, or could not be cleaned; 2: wrong usage; 3: the cluster refused or did not answer.`,
  takesWords: true,
  offers: { words: ['check', 'clean'] },
  readOptions,
  run: (options, io) =>
    withCluster(options.flags, io, (access) =>
      options.verb === 'check'
        ? checkMigration(access, options.check, io)
        : cleanLeftovers(access, options.clean, io),
    ),
});

type Options = { readonly flags: ConnectFlags } & (
  | { readonly verb: 'check'; readonly check: MigrateOptions }
  | { readonly verb: 'clean'; readonly clean: CleanOptions }
);

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const verb = words.join(' ');
  if (verb !== 'check' && verb !== 'clean') return fail('choose one: migrate check or migrate clean');
  const { 'dry-run': dryRun, 'legacy-key-namespace': legacyKeyNamespace, ...flags } = values;
  const everywhere = readEverywhere(values);
  if (!everywhere.ok) return everywhere;
  const output = readOutputFormat(flags.output);
  if (!output.ok) return output;
  const common = { everywhere: everywhere.value, output: output.value };
  if (verb === 'clean') {
    return legacyKeyNamespace === undefined
      ? ok({ verb, flags, clean: { ...common, dryRun: dryRun ?? false } })
      : fail('--legacy-key-namespace is a flag of migrate check');
  }
  return dryRun === undefined
    ? ok({ verb, flags, check: { ...common, legacyKeyNamespace } })
    : fail('--dry-run is a flag of migrate clean: migrate check changes nothing');
}
