import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { makeToken } from '../../src/loop/make-token.ts';
import { Stale } from '../../src/loop/stale.ts';
import type { Observed } from '../../src/reconcile/observed.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { DAY, NOW, UNREAD, makeObserved, readKey } from '../fixtures/observed.ts';

const key = { state: 'read', version: 'key/1', key: await readKey() } as const;
const observed: Observed = makeObserved({ jwt: makeJwt(), key });

describe('a new token', () => {
  it('verifies, and is returned with its time and key', async () => {
    const made = await makeToken(observed, NOW + 0.9);
    assert.ok(made.ok);
    const { text, claims, duration, ...rest } = made.value;
    assert.deepEqual(rest, {
      algorithm: 'ES256',
      keyId: 'my-jwt-key',
      issuedAt: NOW,
      signedBy: key.key.thumbprint,
    });
    assert.ok(duration > 0);
    assert.equal(claims.exp, NOW + DAY);
    const currentDate = new Date(NOW * 1000);
    const { payload, protectedHeader } = await jwtVerify(text, createPublicKey(NRP_KEY), { currentDate });
    assert.deepEqual(payload, { ...claims });
    assert.deepEqual(protectedHeader, { alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' });
  });

  it('is not signed if it is too long to be read again: otherwise it would be signed again and again', async () => {
    const cannotSign = { ...key.key, privateKey: key.key.publicKey };
    const jwt = makeJwt({ data: { sub: 'x'.repeat(60_000) } });
    const made = await makeToken({ ...observed, jwt, key: { ...key, key: cannotSign } }, NOW);
    assert.ok(!made.ok);
    assert.equal(made.problem.reason, 'ClaimsInvalid');
    assert.match(made.problem.message, /^the token would take 80\d{3} bytes, .*: make spec.data smaller$/);
  });

  it('is not made of a spec or claims that cannot be signed: that is a problem of the author', async () => {
    for (const mistake of [{ algorithm: 'none' }, { data: { n: 2 ** 60 } }, { data: { iss: 7 } }]) {
      const made = await makeToken({ ...observed, jwt: makeJwt(mistake) }, NOW);
      assert.ok(!made.ok && made.problem.reason === 'ClaimsInvalid');
    }
  });

  it('needs a key that was read, and the complete claims', async () => {
    await assert.rejects(makeToken({ ...observed, key: UNREAD }, NOW), /before its key was read/);
    const { jwt } = observed;
    assert.ok(jwt.spec.ok);
    const spec = { ok: true, value: { ...jwt.spec.value, claimsDigest: 'of long claims' } } as const;
    await assert.rejects(makeToken({ ...observed, jwt: { ...jwt, spec } }, NOW), Stale);
  });
});
