import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { calculateJwkThumbprint, type JWK, jwtVerify } from 'jose';
import { parse } from 'yaml';
import { type Loose, secretText } from '../integration/objects.ts';
import { EXAMPLES, NAMESPACE, pathOf, showKubectl, type Step } from './demo.ts';
import { expectReady } from './expect-soon.ts';
import { StepFailure, verify } from './step-failure.ts';
import { describeToken, formatWhen } from './token-words.ts';

/** Applies the example, unchanged, and shows the Secret that the service makes for it. */
export const signStep: Step = {
  title: 'A JWT becomes a Secret with a signed token',
  async play({ screen, stage, objects }) {
    await showKubectl(screen, stage.cluster, ['apply', '-f', EXAMPLES.jwt]);
    await screen.wait('the token is signed', expectReady(objects, 'my-jwt'));
    await showKubectl(screen, stage.cluster, ['get', 'jwt,secret']);
    const secret = await objects.get('secrets', NAMESPACE, 'my-jwt');
    const keys = Object.keys(secret?.data ?? {});
    verify(
      keys.includes('token'),
      'Secret my-jwt with the data key "token"',
      secret?.metadata ?? 'no Secret',
    );
    const owner = secret.metadata.ownerReferences?.[0];
    verify(owner?.name === 'my-jwt', 'the Secret to belong to JWT my-jwt', secret.metadata);
    screen.check('Secret my-jwt holds the token; it goes when the JWT goes');
  },
};

/** Reads and verifies the token without any code of the service. */
export const decodeStep: Step = {
  title: 'The token, decoded and verified',
  async play({ screen, objects }) {
    const token = secretText(await objects.get('secrets', NAMESPACE, 'my-jwt'));
    screen.show(describeToken(token, Date.now()));
    screen.whisper('iat and nbf are a minute in the past, for verifiers whose clock is behind');
    const { status } = await objects.get('jwts', NAMESPACE, 'my-jwt');
    const { payload } = await verifyToken(token, status);
    screen.check('the signature is good, by the public key in the JWT’s status');

    const { spec } = parse(await readFile(pathOf(EXAMPLES.jwt), 'utf8'));
    const inFile = createPublicKey(spec.key.value).export({ format: 'jwk' }) as JWK;
    const [wanted, published] = await Promise.all([inFile, JSON.parse(status.publicKey)].map(thumbprint));
    verify(published === wanted, `the public key of the example file (thumbprint ${wanted})`, published);
    screen.check(`that is the public half of the key in ${EXAMPLES.jwt}`);

    const claims = { iss: spec.issuer, ...spec.data };
    for (const [name, value] of Object.entries(claims)) {
      const isSame = JSON.stringify(payload[name]) === JSON.stringify(value);
      verify(isSame, `claim ${name} to be ${JSON.stringify(value)}`, payload[name] ?? 'no such claim');
    }
    screen.check(`its claims ${Object.keys(claims).join(', ')} are as ${EXAMPLES.jwt} says`);
    const lifetime = (payload.exp ?? 0) * 1000 - Date.parse(status.issuedAt);
    const day = spec.expiryTime.days * 86_400_000;
    verify(Math.abs(lifetime - day) < 2_000, 'a lifetime of one day', `${lifetime / 1000} s`);
    screen.check(
      `it is valid for one day; the next one is due ${formatWhen(Date.parse(status.renewsAt), Date.now())}`,
    );
  },
};

/**
 * Verifies the token as a storage server would, with the key that the status publishes. Throws a StepFailure.
 */
export async function verifyToken(token: string, { publicKey, keyId }: Loose) {
  const key = createPublicKey({ key: JSON.parse(publicKey), format: 'jwk' });
  const verified = await jwtVerify(token, key).catch((error: unknown) => {
    throw new StepFailure('a token that verifies with the public key in the JWT’s status', String(error));
  });
  verify(verified.protectedHeader.kid === keyId, `the kid ${keyId}`, verified.protectedHeader);
  return verified;
}

function thumbprint(jwk: JWK): Promise<string> {
  return calculateJwkThumbprint(jwk);
}
