import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { desiredStatus, isSameStatus } from '../../src/reconcile/desired-status.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import type { KeyObservation, SecretObservation, TokenObservation } from '../../src/reconcile/observed.ts';
import { RENEW } from '../../src/resources/names.ts';
import type { StateProblem } from '../../src/resources/problem.ts';
import {
  formatRecordedStatus,
  parseRecordedStatus,
  type RecordedStatus,
} from '../../src/resources/recorded-status.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import {
  DAY,
  NOW,
  makeObserved,
  ourSecret,
  settled,
  settledJwt,
  unsigned,
  withToken,
} from '../fixtures/observed.ts';
import { claims, faulty, gone, HOUR, key, noKey, otherKey, signed } from './outcomes.ts';

/** The members of the status about the token, without absent ones. */
function tokenOf({ tokenId, issuedAt, expiresAt, renewsAt }: RecordedStatus): readonly unknown[] {
  return [tokenId, issuedAt, expiresAt, renewsAt].filter((value) => value !== undefined);
}

describe('the fields of the status', () => {
  it('after a signature are those of the new token and its key', async () => {
    const jwt = await settledJwt({}, { annotations: { [RENEW]: '2' }, generation: 3 });
    const { conditions: _conditions, ...empty } = NO_STATUS;
    const { conditions: _described, ...status } = desiredStatus(
      makeObserved({ jwt, secret: ourSecret(jwt), key: otherKey }),
      signed,
      NOW,
    );
    assert.deepEqual(status, {
      ...empty,
      observedGeneration: 3,
      secretName: 'my-jwt',
      issuer: 'https://issuer.example.com/',
      keyId: 'my-jwt-key',
      keyThumbprint: otherKey.key.thumbprint,
      publicKey: JSON.stringify({
        ...otherKey.key.publicJwk,
        kid: 'my-jwt-key',
        alg: 'ES256',
        use: 'sig',
      }),
      keyVersion: 'key/2',
      tokenId: 'new-jti',
      issuedAt: NOW,
      expiresAt: NOW + DAY,
      renewsAt: status.renewsAt,
      renewals: 1,
      lastRenew: '2',
    });
    const before = (NOW + DAY - (status.renewsAt ?? 0)) / HOUR;
    assert.ok(before >= 5 && before < 5.1, `resignBefore and a little jitter: ${before} h`);
  });

  it('keep the key of a token that can still be in use after another key, or another issuer, replaces it', async () => {
    const { recorded, ...rest } = await settledJwt();
    const issuer = 'https://issuer.example.com/';
    const jwt = { ...rest, recorded: { ...recorded, issuer, expiresAt: NOW + HOUR } };
    const retired = { publicKey: recorded.publicKey, expiresAt: NOW + HOUR, issuer };
    const keysAfter = (signedFor: typeof jwt, seen: KeyObservation) =>
      desiredStatus(makeObserved({ jwt: signedFor, secret: ourSecret(jwt), key: seen }), signed, NOW)
        .retiredKeys;
    assert.equal(keysAfter(jwt, key), undefined, 'the same key');
    assert.deepEqual(keysAfter(jwt, otherKey), [retired]);
    const moved = { ...makeJwt({ issuer: 'https://new.example.com/' }), recorded: jwt.recorded };
    assert.deepEqual(keysAfter(moved, key), [retired]);
    const renamed = { ...makeJwt({ keyId: 'new-kid' }), recorded: jwt.recorded };
    assert.deepEqual(keysAfter(renamed, key), [retired]);
  });

  it('count a first signature as no renewal, and each one after it as one, also if its Secret was gone meanwhile', async () => {
    assert.equal(desiredStatus(makeObserved({ jwt: makeJwt(), key }), signed, NOW).renewals, 0);
    const before = await settledJwt();
    const absent = makeObserved({ jwt: before, key: noKey, isAbsenceConfirmed: true });
    const recorded = desiredStatus(absent, { problem: gone }, NOW);
    assert.equal(recorded.issuedAt, undefined);
    const jwt = { ...before, recorded };
    assert.equal(desiredStatus(makeObserved({ jwt, key }), signed, NOW).renewals, 1);
  });

  it('without a signature keep the served requests, and the record of the key', async () => {
    const jwt = await settledJwt({}, { annotations: { [RENEW]: '2' } });
    const known = { ...jwt, recorded: { ...jwt.recorded, lastRenew: '1', renewals: 4 } };
    const status = desiredStatus(
      makeObserved({ jwt: known, secret: ourSecret(jwt), key: noKey }),
      { problem: gone },
      NOW,
    );
    const kept = [
      'keyId',
      'keyThumbprint',
      'publicKey',
      'keyVersion',
      'tokenId',
      'issuedAt',
      'lastRenew',
      'renewals',
    ] as const;
    for (const name of kept) assert.equal(status[name], known.recorded[name], name);
  });

  it('are equal after they were written and read again: nothing is written twice', async () => {
    for (const observed of [
      await settled(),
      await withToken(faulty),
      await unsigned({ algorithm: 'none' }),
    ]) {
      const status = desiredStatus(observed, {}, NOW);
      assert.ok(isSameStatus(status, parseRecordedStatus(formatRecordedStatus(status))));
    }
  });

  it('record a key that was read only if it is proved to be the token’s', async () => {
    const jwt = await settledJwt();
    const version = (seen: KeyObservation): unknown =>
      desiredStatus(makeObserved({ jwt, secret: ourSecret(jwt), key: seen }), {}, NOW).keyVersion;
    assert.equal(version({ ...key, version: 'key/7' }), 'key/7');
    assert.equal(version(otherKey), 'key/1');
  });

  it('name no token in a foreign Secret, whether this process has checked it or not', async () => {
    const jwt = await settledJwt();
    const problem: StateProblem = { reason: 'SecretConflict', message: 'theirs' };
    const [checked, unread] = [ourSecret(jwt), ourSecret(jwt, 0, { token: { state: 'unread' } })].map(
      (ours) =>
        desiredStatus(
          makeObserved({ jwt, secret: { ...ours, owners: [], annotations: {} }, key }),
          { problem },
          NOW,
        ),
    );
    assert.ok(checked !== undefined && unread !== undefined);
    assert.deepEqual(tokenOf(checked), []);
    assert.ok(isSameStatus(checked, unread));
  });

  it('have nothing about a token that could not be checked', async () => {
    const { secret } = await settled();
    const token = { ...secret?.token, signature: 'unknown' } as TokenObservation;
    assert.deepEqual(tokenOf(desiredStatus(await withToken(token, { key: noKey }), {}, NOW)), []);
  });

  it('have the issuer that the token has', async () => {
    const jwt = await settledJwt({ data: { iss: 'https://other.example.com' } });
    assert.equal(desiredStatus(await settled(0, { jwt }), {}, NOW).issuer, 'https://other.example.com');
  });

  it('keep the time of signing of the token that was recorded, until the next is signed', async () => {
    const observed = await settled(HOUR); // with a lifetime of a day, it would have been signed an hour ago
    assert.equal(desiredStatus(observed, {}, NOW).issuedAt, NOW);
    const later: Outcome = { signed: { claims, issuedAt: NOW + 5 } };
    assert.equal(desiredStatus(observed, later, NOW + 5).issuedAt, NOW + 5);
  });

  it('take the time of signing from the token when the recorded one is another token’s', async () => {
    const jwt = await settledJwt();
    const secret = ourSecret(jwt, HOUR);
    const token = { ...secret.token, tokenId: 'another' } as TokenObservation;
    const status = desiredStatus(makeObserved({ jwt, secret: { ...secret, token } }), {}, NOW);
    assert.deepEqual([status.tokenId, status.issuedAt], ['another', NOW - HOUR]);
  });

  it('take it from the token also if a token without a jti replaced another one', async () => {
    const { recorded, ...rest } = await settledJwt();
    const jwt = { ...rest, recorded: { ...recorded, tokenId: undefined, expiresAt: NOW + DAY } };
    const issuedAt = (age: number) => {
      const secret = ourSecret(jwt, age);
      const token = { ...secret.token, tokenId: undefined, isLegacy: true } as TokenObservation;
      return desiredStatus(makeObserved({ jwt, secret: { ...secret, token } }), {}, NOW).issuedAt;
    };
    assert.deepEqual([issuedAt(0), issuedAt(-HOUR)], [NOW, NOW + HOUR]);
  });

  it('of the token stay after it has expired, as long as it is in the Secret', async () => {
    const { recorded, ...rest } = await settledJwt();
    const last = { issuedAt: NOW - DAY, expiresAt: NOW, renewsAt: NOW - HOUR };
    const jwt = { ...rest, recorded: { ...recorded, ...last } };
    const after = (from: typeof jwt, secret: SecretObservation | undefined, now = NOW) =>
      tokenOf(desiredStatus(makeObserved({ jwt: from, secret, key: noKey }), { problem: gone }, now));
    const expired = ourSecret(jwt, DAY, { token: faulty });
    assert.deepEqual(after(jwt, expired), ['the-jti', NOW - DAY, NOW, NOW - HOUR]);
    const other: TokenObservation = { state: 'faulty', cause: 'ClaimsMismatch' };
    assert.deepEqual(after(jwt, { ...expired, token: other }), []);
    assert.deepEqual(after(jwt, undefined), []);
    assert.deepEqual(after(jwt, { ...expired, owners: [], annotations: {} }), [], 'it is not ours');
    assert.deepEqual(after(jwt, expired, NOW - 1), [], 'an older token took the place of the recorded one');
  });

  it('of the token are removed with it, and a failure sets the time of the next attempt', async () => {
    const status = desiredStatus(await withToken(faulty), { problem: gone, nextAttemptAt: NOW + 7 }, NOW);
    assert.deepEqual(tokenOf(status), []);
    assert.equal(status.nextAttemptAt, NOW + 7);
    assert.equal(desiredStatus(await settled(), {}, NOW).nextAttemptAt, undefined);
  });
});
