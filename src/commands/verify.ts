import { fail, ok, type Result } from '../resources/result.ts';
import { readEverywhere } from './cluster/connect-flags.ts';
import type { FlagValues } from './parse-flags.ts';
import { withToken } from './input/with-token.ts';
import { readTokenOptions, TOKEN_REPORT_FLAGS, type TokenOptions } from './input/token-options.ts';
import { printProblems } from './print-problems.ts';
import { makeCommand } from './make-command.ts';
import { readOutputFormat } from './output/report-output.ts';
import { FETCH_FLAGS, readFetchTimeout, readTrust } from './issuer/fetch-flags.ts';
import { verifyToken } from './verify/verify-token.ts';
import type { Milliseconds } from '../time/units.ts';

const FLAGS = {
  ...TOKEN_REPORT_FLAGS,
  'all-namespaces': { type: 'boolean', short: 'A', help: 'the tokens of all JWTs, in a table' },
  ...FETCH_FLAGS,
} as const;

/** `jwt-injector verify`. */
export const verifyCommand = makeCommand({
  usage: [
    'verify NAME [-n NS]',
    'verify -A',
    'verify secret NAME [--key KEY] [-n NS]',
    'verify -f FILE',
    'verify -',
  ],
  description: `Does what the verifiers do with a token: fetches the metadata and the public keys of its issuer, by each URL that
they ask, chooses the key by kid, checks the signature and the claims. Says for each of them whether it accepts
the token, and if not, why and what helps. NAME is a JWT in the cluster, whose token is read from its Secret.

The token is sent to nobody: only documents that are public are fetched, by https.`,
  flags: FLAGS,
  examples: [
    'verify my-jwt -n science',
    'verify -f "$BEARER_TOKEN_FILE"',
    'verify my-jwt --ca-file ca.pem -o json',
    'verify -A',
  ],
  notes: `Exit code 0: every verifier accepts it, or may; 1: one refuses it; 2: wrong usage; 3: the issuer cannot be
reached, or a file, a Secret or the cluster not be read.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions,
  run: async ({ place, flags, caFile, timeout, output }, io) => {
    const trust = await readTrust(caFile, io);
    if (!trust.ok) return printProblems([trust.problem], io);
    const fetching = { trust: trust.value, timeout, environment: process.env };
    if (place !== 'all')
      return withToken(place, flags, io, (token) => verifyToken(token, fetching, output, io));
    const { withCluster } = await import('./cluster/connect.ts');
    const { verifyAll } = await import('./verify/verify-all.ts');
    return withCluster(flags, io, (access) => verifyAll(access, fetching, output, io));
  },
});

interface Options extends Omit<TokenOptions, 'place'> {
  readonly place: TokenOptions['place'] | 'all';
  readonly caFile: string | undefined;
  /** The time limit for each document. */
  readonly timeout: Milliseconds;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const everywhere = readEverywhere(values);
  if (!everywhere.ok) return everywhere;
  const options = everywhere.value ? readAll(values, words) : readTokenOptions(values, words);
  if (!options.ok) return options;
  const timeout = readFetchTimeout(values);
  return timeout.ok ? ok({ ...options.value, caFile: values['ca-file'], timeout: timeout.value }) : timeout;
}

function readAll(
  { filename, key, kubeconfig, context, output: format }: FlagValues<typeof FLAGS>,
  words: readonly string[],
): Result<Pick<Options, 'place' | 'flags' | 'output'>, string> {
  if (words.length > 0 || filename !== undefined || key !== undefined)
    return fail('-A takes the tokens of all JWTs: name no other');
  const output = readOutputFormat(format);
  return output.ok ? ok({ place: 'all', flags: { kubeconfig, context }, output: output.value }) : output;
}
