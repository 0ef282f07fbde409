import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../resources/result.ts';
import { CONNECT_HELP, CONNECT_OPTIONS, type ConnectFlags } from './cluster/connect-flags.ts';
import { explainFiles } from './explain/files.ts';
import { findKind, type LiveKind } from './explain/kinds.ts';
import { EXIT, type Command, type ExitCode, type Io } from './io.ts';
import { OUTPUT_OPTION, readOutputFormat, type OutputFormat } from './output/table-output.ts';

const HELP = `Usage: jwt-injector explain -f FILE [-o json|yaml]
       jwt-injector explain jwt NAME [-n NS] [-o json|yaml]
       jwt-injector explain pod|deployment|… NAME [-n NS] [-o json|yaml]

Tells why a pod does or does not get its token, and what a JWT waits for. Nothing is changed.

-f: what the webhook would decide on each pod and pod template of the files, and what changes in it;
    for a JWT, whether it can be signed, and its renewals. Needs no cluster. Labels of Namespaces in
    the same input give the default, as with inject.
jwt: its state, its token without the signature, what jwt-injector does next and why, and the next
    five renewals. The private key is never read.
pod, deployment, statefulset, daemonset, replicaset, job, cronjob: as for files, and whether the
    tokens that it names are there.

  -f, --filename FILE   YAML or JSON; - reads the standard input; may be given more than once
  -o, --output FORMAT   json or yaml, for scripts
${CONNECT_HELP}
      --legacy-key-namespace NS
                        as given to jwt-injector run, if it is

It uses your own rights, and says what you are not allowed to read. Exit code 1: something is refused, missing
or not Ready; 2: wrong usage; 3: a file or the cluster could not be read.
`;

/** `jwt-injector explain`. */
export const explainCommand: Command = async (args, io) => {
  const options = readOptions(args);
  if (!options.ok) {
    io.stderr.write(`error: ${options.problem}\n\n${HELP}`);
    return EXIT.usage;
  }
  const { value } = options;
  switch (value.what) {
    case 'help':
      io.stdout.write(HELP);
      return EXIT.done;
    case 'files':
      return explainFiles(value.filenames, value.output, io);
    case 'jwt':
    case 'live':
      return explainInCluster(value, io);
    default:
      return value satisfies never;
  }
};

/** Loaded when asked for: files need no Kubernetes client. */
async function explainInCluster(
  options: Extract<Options, { what: 'jwt' | 'live' }>,
  io: Io,
): Promise<ExitCode> {
  const { withCluster } = await import('./cluster/connect.ts');
  if (options.what === 'jwt') {
    const { explainJwt } = await import('./explain/explain-jwt.ts');
    return withCluster(options.flags, io, (access) => explainJwt(access, options, io));
  }
  const { explainLive } = await import('./explain/live.ts');
  return withCluster(options.flags, io, (access) => explainLive(access, options, io));
}

type Options =
  | { readonly what: 'help' }
  | { readonly what: 'files'; readonly filenames: readonly string[]; readonly output: OutputFormat }
  | (Target & { readonly what: 'jwt'; readonly legacyKeyNamespace: string | undefined })
  | (Target & { readonly what: 'live'; readonly kind: LiveKind });

interface Target {
  readonly name: string;
  readonly output: OutputFormat;
  readonly flags: ConnectFlags;
}

function readOptions(args: readonly string[]): Result<Options, string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        filename: { type: 'string', short: 'f', multiple: true },
        'legacy-key-namespace': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        ...OUTPUT_OPTION,
        ...CONNECT_OPTIONS,
      },
    });
    if (values.help === true) return ok({ what: 'help' });
    const output = readOutputFormat(values.output);
    if (!output.ok) return output;
    const { filename: filenames = [], 'legacy-key-namespace': legacyKeyNamespace, ...flags } = values;
    if (filenames.length > 0) {
      if (positionals.length > 0)
        return fail(`-f explains files, "${positionals.join(' ')}" is in a cluster: give one of them`);
      return ok({ what: 'files', filenames, output: output.value });
    }
    const target = readTarget(positionals);
    if (!target.ok) return target;
    const { word, name } = target.value;
    const common = { name, output: output.value, flags };
    if (isJwtWord(word)) return ok({ what: 'jwt', ...common, legacyKeyNamespace });
    const kind = findKind(word);
    if (kind === undefined) {
      return fail(
        `"${word}" cannot be explained: jwt, pod, deployment, statefulset, daemonset, replicaset, job, cronjob can`,
      );
    }
    return ok({ what: 'live', ...common, kind });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function isJwtWord(word: string): boolean {
  return ['jwt', 'jwts', 'jwts.tokens.osg-htc.org'].includes(word.toLowerCase());
}

/** `KIND NAME`, or `KIND/NAME` as kubectl prints it. */
function readTarget(
  positionals: readonly string[],
): Result<{ readonly word: string; readonly name: string }, string> {
  const parts = positionals.length === 1 ? (positionals[0] ?? '').split('/') : positionals;
  const [word, name, ...more] = parts;
  if (word === undefined || name === undefined || word === '' || name === '') {
    return fail('-f FILE is missing, or the kind and name of something in the cluster, such as: jwt my-jwt');
  }
  return more.length === 0
    ? ok({ word, name })
    : fail(`"${more.join(' ')}" is too much: explain one thing at a time`);
}
