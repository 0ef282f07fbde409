import { closestTokenName } from '../admission/annotations/token-name.ts';
import { hideSecrets } from '../resources/hide-secrets.ts';
import { isObjectName } from '../resources/object-name.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { isNewKeyAlgorithm } from '../signing/generate-key.ts';
import { CLUSTER_FLAGS, type ConnectFlags } from './cluster/connect-flags.ts';
import type { FlagValues } from './parse-flags.ts';
import { unexpectedArgument } from './input/given-words.ts';
import { makeKeyForJwt, type KeygenOptions } from './keygen/make-key.ts';
import { makeCommand } from './make-command.ts';
import { OUTPUT_FLAG, readOutputFormat } from './output/report-output.ts';

const FLAGS = {
  issuer: { type: 'string', value: 'URL', help: 'the claim "iss", byte for byte as the verifiers know it' },
  algorithm: { type: 'string', default: 'ES256', value: 'ALG', help: 'ES256 or RS256' },
  scope: { type: 'string', default: 'storage.read:/', value: 'SCOPES', help: 'for the JWT' },
  subject: { type: 'string', value: 'SUB', help: 'for the JWT; its name by default' },
  dir: { type: 'string', default: '.', value: 'DIR', help: 'where the files are made' },
  'to-cluster': {
    type: 'boolean',
    help: 'create the Secret in the cluster; the private key is in no file then',
  },
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
} as const;

/** `jwt-injector keygen`. */
export const keygenCommand = makeCommand({
  usage: [
    'keygen NAME --issuer URL [--algorithm ES256|RS256] [--dir DIR]',
    'keygen NAME --issuer URL --to-cluster [-n NS] [--dir DIR]',
  ],
  description: `Makes a private key for the JWT NAME, with everything that uses it. Overwrites nothing.

NAME-key.pem          the private key, readable by you alone
NAME-key-secret.yaml  the Secret that holds it
NAME-jwt.yaml         the JWT; its keyId is the RFC 7638 thumbprint of the key
NAME-jwk.json         the public half, to be published by the issuer (jwt-injector jwks)

With --to-cluster the first two are not made: the Secret is created in the cluster, and the private key
touches no disk of yours.`,
  flags: FLAGS,
  examples: [
    'keygen my-jwt --issuer https://issuer.example.com',
    "keygen my-jwt --issuer https://issuer.example.com --scope 'storage.read:/ storage.create:/'",
    'keygen my-jwt --issuer https://issuer.example.com --to-cluster -n science',
  ],
  notes: `--to-cluster takes the right to create Secrets in the namespace. Exit code 1: a file or the Secret exists; 2: wrong
usage; 3: a file cannot be written, or the cluster refused.`,
  takesWords: true,
  readOptions,
  run: (options, io) => makeKeyForJwt(options, io),
});

function readOptions(
  values: FlagValues<typeof FLAGS>,
  words: readonly string[],
): Result<KeygenOptions, string> {
  const [name = '', ...more] = words;
  if (name === '') return fail('the name of the JWT is missing');
  if (more.length > 0) return fail(unexpectedArgument(more, 'make one key at a time'));
  if (!isObjectName(`${name}-key`)) {
    // The closest name to a token is the token in lower case.
    const closest = hideSecrets(name) === name ? closestTokenName(name) : undefined;
    return fail(
      `"${name}" cannot be the name of a JWT and, with -key, of a Secret` +
        (closest === undefined || closest === name ? ': make it shorter' : `: use ${closest}`),
    );
  }
  const { issuer, algorithm, scope, subject = name, dir, 'to-cluster': toCluster = false } = values;
  if (issuer === undefined)
    return fail('--issuer is missing: the URL under which the public key is published');
  if (!isNewKeyAlgorithm(algorithm)) {
    return fail(`--algorithm must be ES256 or RS256, which OSDF's verifiers accept, not "${algorithm}"`);
  }
  const { kubeconfig, context, namespace } = values;
  const flags: ConnectFlags = { kubeconfig, context, namespace };
  if (!toCluster && (kubeconfig ?? context) !== undefined)
    return fail('--kubeconfig and --context are flags of --to-cluster: without it nothing is sent');
  const output = readOutputFormat(values.output);
  if (!output.ok) return output;
  return ok({ name, issuer, algorithm, scope, subject, dir, toCluster, flags, output: output.value });
}
