import { fail, ok, type Result } from '../resources/result.ts';
import { parseGoDuration } from '../time/format-time.ts';
import type { FlagValues } from './flags.ts';
import { withToken } from './input/find-token.ts';
import { readTokenOptions, TOKEN_REPORT_FLAGS, type TokenOptions } from './input/token-options.ts';
import { makeCommand } from './make-command.ts';
import { FETCH_FLAGS, readTrust } from './verify/fetch-flags.ts';
import { verifyToken } from './verify/verify-token.ts';

const FLAGS = { ...TOKEN_REPORT_FLAGS, ...FETCH_FLAGS } as const;

/** `jwt-injector verify`. */
export const verifyCommand = makeCommand({
  usage: ['verify NAME [-n NS]', 'verify secret NAME [--key KEY] [-n NS]', 'verify -f FILE', 'verify -'],
  description: `Does what the verifiers do with a token: fetches the metadata and the public keys of its issuer, by each URL that
they ask, chooses the key by kid, checks the signature and the claims. Says for each of them whether it accepts
the token, and if not, why and what helps. NAME is a JWT in the cluster, whose token is read from its Secret.

The token is sent to nobody: only documents that are public are fetched, by https.`,
  flags: FLAGS,
  examples: [
    'verify my-jwt -n science',
    'verify -f "$BEARER_TOKEN_FILE"',
    'verify my-jwt --ca-file ca.pem -o json',
  ],
  notes: `Exit code 0: every verifier accepts it, or may; 1: one refuses it; 2: wrong usage; 3: the issuer cannot be
reached, or a file or the cluster not be read.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions,
  run: ({ place, flags, caFile, timeoutMs, output }, io) =>
    withToken(place, flags, io, async (token) => {
      const trust = await readTrust(caFile, io);
      if (trust.ok) return verifyToken(token, { trust: trust.value, timeoutMs }, output, io);
      io.stderr.write(`error: ${trust.problem.message}\n`);
      return trust.problem.exit;
    }),
});

interface Options extends TokenOptions {
  readonly caFile: string | undefined;
  /** Of each document. */
  readonly timeoutMs: number;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const options = readTokenOptions(values, words);
  if (!options.ok) return options;
  const timeoutMs = parseGoDuration(values.timeout);
  if (timeoutMs === undefined)
    return fail(`--timeout must be a duration such as 10s or 1m, not "${values.timeout}"`);
  return ok({ ...options.value, caFile: values['ca-file'], timeoutMs });
}
