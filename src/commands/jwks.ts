import { fail, ok, type Result } from '../resources/result.ts';
import { findIssuerUrls } from '../signing/issuer/urls.ts';
import { CLUSTER_FLAGS, readEverywhere } from './cluster/connect-flags.ts';
import type { FlagValues } from './parse-flags.ts';
import { readJwtNames } from './input/jwt-name.ts';
import { publishKeys, type JwksOptions } from './jwks/publish-keys.ts';
import { makeCommand } from './make-command.ts';
import { OUTPUT_FLAG, readOutputFormat } from './output/report-output.ts';

const FLAGS = {
  filename: {
    type: 'string',
    short: 'f',
    multiple: true,
    isInput: true,
    value: 'FILE',
    help: 'YAML or JSON with JWTs, the Secrets of their keys, JWKs or JWK Sets; - reads\nstandard input; may be given more than once',
  },
  key: {
    type: 'string',
    multiple: true,
    isInput: true,
    value: 'FILE',
    help: 'private key, PEM or JWK, of which the public half is published; - reads\nstandard input; may be given more than once',
  },
  kid: { type: 'string', value: 'KID', help: 'of the one --key; its RFC 7638 thumbprint by default' },
  issuer: { type: 'string', value: 'URL', help: 'that of the JWTs by default' },
  dir: { type: 'string', value: 'DIR', help: 'writes the documents below this folder' },
  remove: {
    type: 'string',
    multiple: true,
    value: 'KID',
    help: 'with --dir: a key that was published there and that no JWT needs; otherwise it\nis kept',
  },
  force: {
    type: 'boolean',
    help: 'with --remove: also a key that no longer signs, but whose tokens are valid: they\nare refused then, as those of a stolen key should be',
  },
  'all-namespaces': {
    type: 'boolean',
    short: 'A',
    help: 'with --issuer: all of its JWTs in all namespaces',
  },
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
} as const;

/** `jwt-injector jwks`. */
export const jwksCommand = makeCommand({
  usage: [
    'jwks NAME… [-n NS] [--dir DIR]',
    'jwks --issuer URL -A [--dir DIR]',
    'jwks -f FILE… [--key FILE…] [--issuer URL] [--dir DIR]',
  ],
  description: `Makes the documents that an issuer publishes, so that verifiers find its public keys: metadata
(openid-configuration, oauth-authorization-server), the JWK Set (issuer.jwks), and with --dir a page for people
(index.html). Says every URL that each verifier will ask.

All JWTs must have one issuer. Of each its key is published, and the keys of earlier tokens that have not expired
(status.retiredKeys). A key that is to sign later is added with --key or -f. -A trusts everybody who may sign for
the issuer; with --dir it warns of each key that was not published there before. No private key is read from the
cluster, and none is ever printed.`,
  flags: FLAGS,
  examples: [
    'jwks my-jwt -n science --dir site/',
    'jwks --issuer https://issuer.example.com -A --dir site/',
    'jwks -f my-jwt-jwk.json --issuer https://issuer.example.com --dir site/',
    'jwks my-jwt --key new-key.pem --dir site/',
    'jwks my-jwt --dir site/ --remove=2-Yr4ayV2NmgtwJY9hrrlXrsx3_Z2Qo4L8b2UVwXWsY',
  ],
  notes: `Exit code 1: a key is missing, or keys do not fit together; 2: wrong usage; 3: a file cannot be read or
written, or the cluster refused.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions,
  run: publishKeys,
});

function readOptions(
  values: FlagValues<typeof FLAGS>,
  words: readonly string[],
): Result<JwksOptions, string> {
  const output = readOutputFormat(values.output);
  if (!output.ok) return output;
  const {
    filename: filenames = [],
    key: keys = [],
    kid,
    issuer,
    dir,
    remove = [],
    force = false,
    ...rest
  } = values;
  const { kubeconfig, context, namespace } = rest;
  const read = readJwtNames(words);
  if (!read.ok) return read;
  const names = read.value;
  const scope = readEverywhere(rest);
  if (!scope.ok) return scope;
  const everywhere = scope.value;
  if (names.length + filenames.length + keys.length === 0 && !everywhere) {
    return fail('no key is given: name JWTs, or use -f FILE, --key FILE, or -A with --issuer');
  }
  if (everywhere && issuer === undefined)
    return fail('-A needs --issuer: each issuer publishes its own keys');
  if (everywhere && names.length > 0) return fail('-A takes all JWTs of the issuer: leave the names out');
  if (kid !== undefined && keys.length !== 1) return fail('--kid names the key of exactly one --key');
  if (remove.length > 0 && dir === undefined)
    return fail('--remove needs --dir: there the key was published');
  if (force && remove.length === 0) return fail('--force is for --remove: name the key');
  if (issuer === undefined && names.length + filenames.length === 0)
    return fail('--issuer is missing: the URL below which the documents are published');
  const urls = issuer === undefined ? ok(undefined) : findIssuerUrls(issuer);
  if (!urls.ok) return fail(`--issuer: ${urls.problem}`);
  const flags = { kubeconfig, context, namespace };
  const chosen = { names, everywhere, filenames, keys, kid, issuer, dir, remove, force };
  return ok({ ...chosen, flags, output: output.value });
}
