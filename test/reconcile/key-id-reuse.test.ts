import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCondition } from '../../src/reconcile/conditions.ts';
import { desiredStatus } from '../../src/reconcile/desired-status.ts';
import { parsePublicJwk } from '../../src/reconcile/key-record.ts';
import type { KeyObservation } from '../../src/reconcile/observed.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { makeObserved, NOW, ourSecret, readKey } from '../fixtures/observed.ts';
import { gone, key, noKey, otherKey } from './outcomes.ts';

const MINUTE = 60;
const DAY = 86_400;
const thirdKey: KeyObservation = {
  ...otherKey,
  version: 'key/3',
  key: await readKey(toPem(makeKey('ES256'))),
};

/** The JWT after a token was signed with the key, `after` seconds from `NOW`. */
function sign(before: Jwt, spec: Record<string, unknown>, by: KeyObservation, after: number): Jwt {
  const jwt = { ...makeJwt(spec), recorded: before.recorded };
  const now = NOW + after;
  const claims = { iss: 'i', iat: now, nbf: now, exp: now + DAY, jti: `token-${after}` };
  const recordedKey = parsePublicJwk(jwt.recorded.publicKey ?? '');
  const observed = makeObserved({ jwt, secret: ourSecret(jwt), key: by, recordedKey });
  return { ...jwt, recorded: desiredStatus(observed, { signed: { claims, issuedAt: now } }, now) };
}
/** The JWT after a round that found the token wrong, and no key. */
function failRound(before: Jwt, spec: Record<string, unknown>): Jwt {
  const jwt = { ...makeJwt(spec), recorded: before.recorded };
  const secret = ourSecret(jwt, 0, { token: { state: 'faulty', cause: 'ClaimsMismatch' } });
  const observed = makeObserved({ jwt, secret, key: noKey });
  return { ...jwt, recorded: desiredStatus(observed, { problem: gone }, NOW + 50) };
}
const isReused = ({ recorded }: Jwt): boolean => findCondition(recorded, 'KeyIdReused') !== undefined;

describe('KeyIdReused', () => {
  const first = sign(makeJwt(), { keyId: 'A' }, key, 0);
  const reused = sign(first, { keyId: 'A' }, otherKey, 10);

  it('is said of a key that changed under its kid, and of no other', () => {
    assert.ok(!isReused(first));
    assert.ok(!isReused(sign(first, { keyId: 'A' }, key, 10)));
    assert.ok(!isReused(sign(first, { keyId: 'B' }, otherKey, 10)));
    assert.ok(isReused(reused));
  });

  it('stays while nothing is signed, and for 15 min of signatures, as long as verifiers keep keys', () => {
    const jwt = reused;
    const observed = makeObserved({ jwt, secret: ourSecret(jwt), key: otherKey });
    const later = desiredStatus(observed, {}, NOW + DAY / 2);
    assert.ok(isReused({ ...jwt, recorded: later }));
    assert.ok(isReused(sign(reused, { keyId: 'A' }, otherKey, 9 + 15 * MINUTE)));
    assert.ok(!isReused(sign(reused, { keyId: 'A' }, otherKey, 10 + 15 * MINUTE)));
    assert.ok(!isReused(sign(reused, { keyId: 'B' }, otherKey, 20)), 'a kid that nobody knows');
  });

  it('stays for 15 min after the last of several changes', () => {
    const again = sign(reused, { keyId: 'A' }, thirdKey, DAY / 4);
    const condition = findCondition(again.recorded, 'KeyIdReused');
    assert.equal(condition?.lastTransitionTime, NOW + DAY / 4);
    assert.ok(isReused(sign(again, { keyId: 'A' }, thirdKey, DAY / 4 + 15 * MINUTE - 1)));
    assert.ok(!isReused(sign(again, { keyId: 'A' }, thirdKey, DAY / 4 + 15 * MINUTE)));
  });

  it('is not said of another issuer: verifiers keep keys by issuer and kid', () => {
    const elsewhere = { keyId: 'A', issuer: 'https://other.example.com' };
    assert.ok(!isReused(sign(first, elsewhere, otherKey, 100)), 'a new key');
    assert.ok(!isReused(sign(failRound(first, elsewhere), elsewhere, otherKey, 100)), 'after a failed round');
    assert.ok(!isReused(sign(failRound(reused, elsewhere), elsewhere, otherKey, 20)), 'one that was reused');
    assert.ok(isReused(sign(failRound(first, { keyId: 'A' }), { keyId: 'A' }, otherKey, 100)));
    const moved = sign(first, elsewhere, otherKey, 100);
    for (const back of [moved, failRound(moved, { keyId: 'A' })])
      assert.ok(isReused(sign(back, { keyId: 'A' }, otherKey, 200)), 'back, where that kid was another key');
  });

  it('is said of a kid that comes back with another key while a token of the earlier one lives', () => {
    const moved = sign(first, { keyId: 'B' }, otherKey, 100);
    assert.ok(isReused(sign(moved, { keyId: 'A' }, otherKey, 200)));
    assert.ok(!isReused(sign(moved, { keyId: 'A' }, key, 200)), 'the way back, with the key of that kid');
    assert.ok(
      !isReused(sign(moved, { keyId: 'A' }, otherKey, DAY)),
      'the last token of that key has expired',
    );
    const issuer = 'https://other.example.com';
    const elsewhere = sign(moved, { keyId: 'A', issuer }, otherKey, 200);
    assert.ok(!isReused(elsewhere), 'keys are those of an issuer');
    assert.ok(isReused(sign(elsewhere, { keyId: 'A' }, otherKey, 300)), 'an issuer that comes back');
  });

  it('is said of a key that signs with another algorithm, which its published form does not name', async () => {
    const pem = toPem(makeKey('RS256'));
    const readAs = async (algorithm: 'RS256' | 'PS256'): Promise<KeyObservation> => {
      const read = await readSigningKey(pem, algorithm);
      assert.ok(read.ok);
      return { state: 'read', version: 'key/1', key: read.value };
    };
    const rsa = sign(makeJwt(), { keyId: 'A', algorithm: 'RS256' }, await readAs('RS256'), 0);
    assert.ok(isReused(sign(rsa, { keyId: 'A', algorithm: 'PS256' }, await readAs('PS256'), 10)));
    const moved = sign(rsa, { keyId: 'B', algorithm: 'PS256' }, await readAs('PS256'), 10);
    assert.ok(!isReused(moved));
    assert.ok(isReused(sign(moved, { keyId: 'A', algorithm: 'PS256' }, await readAs('PS256'), 20)));
  });
});
