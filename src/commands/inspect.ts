import { withToken } from './input/with-token.ts';
import { readTokenOptions, TOKEN_REPORT_FLAGS } from './input/token-options.ts';
import { inspectToken } from './inspect/inspect-token.ts';
import { makeCommand } from './make-command.ts';

/** `jwt-injector inspect`. */
export const inspectCommand = makeCommand({
  usage: ['inspect NAME [-n NS]', 'inspect secret NAME [--key KEY] [-n NS]', 'inspect -f FILE', 'inspect -'],
  description: `Shows header and claims of a token, and how long it is still valid. Never shows the signature, and does not check it
(jwt-injector verify does). NAME is a JWT in the cluster, whose token is read from its Secret.`,
  flags: TOKEN_REPORT_FLAGS,
  examples: [
    'inspect my-jwt -n science',
    'inspect -f "$BEARER_TOKEN_FILE"',
    'inspect secret my-token -o json',
  ],
  notes: `Exit code 0: the token is valid now, as far as its times show; 1: it is not, or no token was found; 2: wrong
usage; 3: a file or the cluster could not be read.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions: readTokenOptions,
  run: ({ place, flags, output }, io) =>
    withToken(place, flags, io, async (token) => inspectToken(token, output, io)),
});
