import { REFRESHED_WITHIN } from '../resources/kubelet.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { withCluster } from './cluster/connect.ts';
import { CLUSTER_FLAGS, readEverywhere, type ConnectFlags } from './cluster/connect-flags.ts';
import type { FlagValues } from './parse-flags.ts';
import { readJwtNames } from './input/jwt-name.ts';
import { makeCommand } from './make-command.ts';
import { OUTPUT_FLAG, readOutputFormat } from './output/report-output.ts';
import { followStatus } from './status/follow-status.ts';
import { showStatus, type StatusOptions } from './status/show-status.ts';
import type { ExitCode } from './command.ts';

const FLAGS = {
  'all-namespaces': { type: 'boolean', short: 'A', help: 'the JWTs of all namespaces' },
  watch: { type: 'boolean', short: 'w', help: 'keep showing what changes, until Ctrl-C' },
  exec: {
    type: 'boolean',
    help: 'read the file in each pod (with cat), and compare it with the current token',
  },
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
} as const;

/** `jwt-injector status`. */
export const statusCommand = makeCommand({
  usage: ['status [NAME…] [-A | -n NS] [--exec | --watch] [-o json|yaml]'],
  description: `Shows each JWT: whether it is Ready, when its token expires, with a bar of its remaining life, when it is renewed
next, and which pods mount it. What expires first comes first. Of each pod it says whether the current token is
delivered, or by when it will be: the kubelet refreshes files up to ${REFRESHED_WITHIN} s after a renewal, and at once with prompt
delivery. This is worked out from the times of token and pod; with --exec the files are read. No token is shown. A mount by
subPath is never refreshed.`,
  flags: FLAGS,
  examples: ['status', 'status my-jwt -n science', 'status -A -o json', 'status --watch'],
  notes: `It uses your own rights, and says what you are not allowed to read. With --watch a terminal is drawn
again each second, anything else gets a line for each change; -o json prints one line of JSON for each.
Exit code 0: all tokens can be used, or --watch was ended by Ctrl-C or by its reader; 1: one is not Ready or has
expired, or a name does not exist; 2: wrong usage; 3: the cluster refused, or its CRD is missing.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions,
  run: ({ isFollowing, flags, ...options }, io) =>
    withCluster(flags, io, (access) =>
      isFollowing
        ? whileRead((signal) => followStatus(access, options, io, signal))
        : showStatus(access, options, io),
    ),
});

interface Options extends StatusOptions {
  readonly isFollowing: boolean;
  readonly flags: ConnectFlags;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const { watch: isFollowing = false, exec: isReading = false, output: format, ...flags } = values;
  const output = readOutputFormat(format);
  if (!output.ok) return output;
  const everywhere = readEverywhere(values);
  if (!everywhere.ok) return everywhere;
  if (everywhere.value && words.length > 0)
    return fail('-A shows all JWTs, and a name is that of one namespace: use -n with it');
  if (isFollowing && isReading)
    return fail('--exec reads the files once, and --watch continues: use one of them');
  const names = readJwtNames(words);
  return names.ok
    ? ok({
        names: names.value,
        everywhere: everywhere.value,
        isFollowing,
        isReading,
        output: output.value,
        flags,
      })
    : names;
}

/** Ctrl-C, or a reader that is gone, ends `work` through the signal instead of the process, which then ends as it wishes. */
async function whileRead(work: (signal: AbortSignal) => Promise<ExitCode>): Promise<ExitCode> {
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt);
  process.stdout.once('error', interrupt);
  try {
    return await work(abort.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.stdout.off('error', interrupt);
  }
}
