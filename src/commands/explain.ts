import { fail, ok, type Result } from '../resources/result.ts';
import { CLUSTER_FLAGS, KEY_NAMESPACE_FLAG, type ConnectFlags } from './cluster/connect-flags.ts';
import { explainFiles, type FilesToExplain } from './explain/explain-files.ts';
import { findKind, type LiveKind } from './workloads/kinds.ts';
import { POLICY_FLAGS, readPolicyFlags } from './explain/policy-flags.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import type { FlagValues } from './parse-flags.ts';
import { describeGiven, unexpectedArgument } from './input/given-words.ts';
import { checkObjectName, isJwtKind } from './input/jwt-name.ts';
import type { Io } from './io.ts';
import { makeCommand } from './make-command.ts';
import { OUTPUT_FLAG, readOutputFormat, type OutputFormat } from './output/report-output.ts';
import type { ExitCode } from './command.ts';

const FLAGS = {
  filename: {
    type: 'string',
    short: 'f',
    multiple: true,
    isInput: true,
    value: 'FILE',
    help: 'YAML or JSON; - reads standard input; may be given more than once',
  },
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
  ...KEY_NAMESPACE_FLAG,
  ...POLICY_FLAGS,
} as const;

/** `jwt-injector explain`. */
export const explainCommand = makeCommand({
  usage: [
    'explain -f FILE [-o json|yaml]',
    'explain jwt NAME [-n NS] [-o json|yaml]',
    'explain pod|deployment|… NAME [-n NS] [-o json|yaml]',
  ],
  description: `Explains why a pod does or does not get its token, and what happens to a JWT next. Changes nothing.

-f FILE   what the webhook would decide on each pod and pod template in the file, and what it would add; of
          a JWT, whether it can be signed, and its renewals. Needs no cluster. The label of a Namespace in
          the same input is the default of its pods, as with inject.
jwt NAME  the state of a JWT in the cluster, its token without the signature, what jwt-injector does next
          and why, and the next five renewals. The private key is never read.
pod NAME  the same as for a file, and whether the tokens that it names exist. Also deployment, statefulset,
          daemonset, replicaset, job and cronjob.

What an admin allows (--max-lifetime and others of jwt-injector run) is known of a JWT in the cluster from its
condition PolicyDenied. For a file, or for a policy that is still to come, give the same flags here.`,
  flags: FLAGS,
  examples: [
    'explain deployment my-app -n science',
    'explain jwt my-jwt -n science',
    'explain -f deployment.yaml',
    'explain -f my-jwt.yaml --max-lifetime=24h --forbid-inline-keys',
    'explain pod my-app-0 -o json',
  ],
  notes: `It uses your own rights, and says what you are not allowed to read. Exit code 1: something is refused, missing
or not Ready; 2: wrong usage; 3: a file or the cluster could not be read.`,
  takesWords: true,
  offers: {
    words: ['jwt', 'pod', 'deployment', 'statefulset', 'daemonset', 'replicaset', 'job', 'cronjob'],
    namesJwts: true,
  },
  readOptions,
  run: (options, io) =>
    options.what === 'files' ? explainFiles(options, io) : explainInCluster(options, io),
});

/** Loaded only when it is needed: files need no Kubernetes client. */
async function explainInCluster(
  options: Extract<Options, { what: 'jwt' | 'live' }>,
  io: Io,
): Promise<ExitCode> {
  const { withCluster } = await import('./cluster/connect.ts');
  if (options.what === 'jwt') {
    const { explainJwt } = await import('./explain/explain-jwt.ts');
    return withCluster(options.flags, io, (access) => explainJwt(access, options, io));
  }
  const { explainLive } = await import('./explain/explain-live.ts');
  return withCluster(options.flags, io, (access) => explainLive(access, options, io));
}

type Options =
  | (FilesToExplain & { readonly what: 'files' })
  | (Target & {
      readonly what: 'jwt';
      readonly legacyKeyNamespace: string | undefined;
      readonly policy: SigningPolicy | undefined;
    })
  | (Target & { readonly what: 'live'; readonly kind: LiveKind });

interface Target {
  readonly name: string;
  readonly output: OutputFormat;
  readonly flags: ConnectFlags;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const output = readOutputFormat(values.output);
  if (!output.ok) return output;
  const read = readPolicyFlags(values);
  if (!read.ok) return read;
  const policy = read.value;
  const { filename: filenames = [], 'legacy-key-namespace': legacyKeyNamespace, ...flags } = values;
  if (filenames.length > 0) {
    return words.length === 0
      ? ok({ what: 'files', filenames, output: output.value, policy })
      : fail(`-f reads files, and ${describeGiven(...words)} is in a cluster: use one of them`);
  }
  const target = readTarget(words);
  if (!target.ok) return target;
  const { word, name } = target.value;
  const common = { name, output: output.value, flags };
  if (isJwtKind(word)) return ok({ what: 'jwt', ...common, legacyKeyNamespace, policy });
  const kind = findKind(word);
  return kind === undefined
    ? fail(
        `${describeGiven(word)} cannot be explained: use jwt, pod, deployment, statefulset, daemonset, replicaset, job or cronjob`,
      )
    : ok({ what: 'live', ...common, kind });
}

/** `KIND NAME`, or `KIND/NAME` as kubectl prints it. */
function readTarget(
  words: readonly string[],
): Result<{ readonly word: string; readonly name: string }, string> {
  const parts = words.length === 1 ? (words[0] ?? '').split('/') : words;
  const [word, name, ...more] = parts;
  if (word === undefined || name === undefined || word === '' || name === '') {
    return fail('-f FILE is missing, or the kind and name of an object in the cluster, such as: jwt my-jwt');
  }
  if (more.length > 0) return fail(unexpectedArgument(more, 'explain one object at a time'));
  const checked = checkObjectName(name);
  return checked.ok ? ok({ word, name }) : checked;
}
