import { ok, type Result } from '../resources/result.ts';
import { CLUSTER_FLAGS, type ConnectFlags } from './cluster/connect-flags.ts';
import type { FlagValues } from './flags.ts';
import { readTokenPlace, TOKEN_FLAGS, withToken, type TokenPlace } from './input/find-token.ts';
import { inspectToken } from './inspect/inspect-token.ts';
import { makeCommand } from './make-command.ts';
import { OUTPUT_FLAG, readOutputFormat, type OutputFormat } from './output/table-output.ts';

const FLAGS = { ...TOKEN_FLAGS, ...OUTPUT_FLAG, ...CLUSTER_FLAGS } as const;

/** `jwt-injector inspect`. */
export const inspectCommand = makeCommand({
  usage: ['inspect NAME [-n NS]', 'inspect secret NAME [--key KEY] [-n NS]', 'inspect -f FILE', 'inspect -'],
  description: `Shows header and claims of a token, and how long it still lives. Never shows the signature, and does not check it
(jwt-injector verify does). NAME is a JWT in the cluster, whose token is read from its Secret.`,
  flags: FLAGS,
  examples: [
    'inspect my-jwt -n science',
    'inspect -f "$BEARER_TOKEN_FILE"',
    'inspect secret my-token -o json',
  ],
  notes: `Exit code 0: the token is valid now, as far as its times tell; 1: it is not, or no token was found; 2: wrong
usage; 3: a file or the cluster could not be read.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions,
  run: ({ place, flags, output }, io) =>
    withToken(place, flags, io, async (token) => inspectToken(token, output, io)),
});

interface Options {
  readonly place: TokenPlace;
  readonly flags: ConnectFlags;
  readonly output: OutputFormat;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const output = readOutputFormat(values.output);
  if (!output.ok) return output;
  const place = readTokenPlace(values, words);
  if (!place.ok) return place;
  const { kubeconfig, context, namespace } = values;
  return ok({ place: place.value, flags: { kubeconfig, context, namespace }, output: output.value });
}
