import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCondition } from '../../src/reconcile/conditions.ts';
import { desiredStatus, isSameStatus } from '../../src/reconcile/desired-status.ts';
import type { Outcome } from '../../src/reconcile/outcome.ts';
import { parsePublicJwk } from '../../src/reconcile/key-record.ts';
import type { KeyObservation, Observed, TokenObservation } from '../../src/reconcile/observed.ts';
import { RENEW } from '../../src/resources/names.ts';
import type { StateProblem } from '../../src/resources/problem.ts';
import {
  formatRecordedStatus,
  parseRecordedStatus,
  type RecordedStatus,
} from '../../src/resources/recorded-status.ts';
import type { Claims } from '../../src/signing/claims.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { DAY, NOW, ourSecret, readKey, settled, settledJwt, UNREAD } from '../fixtures/observed.ts';

const HOUR = 3600;
const key = { state: 'read', version: 'key/1', key: await readKey() } as const;
const otherKey = { state: 'read', version: 'key/2', key: await readKey(toPem(makeKey('ES256'))) } as const;
const gone: StateProblem = { reason: 'KeyNotFound', message: 'no such Secret: make one' };
const noKey: KeyObservation = { state: 'unavailable', problem: gone };
const claims: Claims = { iss: 'i', iat: NOW - 60, nbf: NOW - 60, exp: NOW + DAY, jti: 'new-jti' };
const signed: Outcome = { signed: { claims, issuedAt: NOW } };
const faulty: TokenObservation = { state: 'faulty', cause: 'Expired' };

/** `status reason` of a condition; `undefined` when it is not there. */
function told(observed: Observed, outcome: Outcome, type: string, now = NOW): string | undefined {
  const condition = findCondition(desiredStatus(observed, outcome, now), type);
  return condition === undefined ? undefined : `${condition.status} ${condition.reason}`;
}

/** What the status says of the token, without what is absent. */
function tokenOf({ tokenId, issuedAt, expiresAt, renewsAt }: RecordedStatus): readonly unknown[] {
  return [tokenId, issuedAt, expiresAt, renewsAt].filter((value) => value !== undefined);
}

const withToken = async (token: TokenObservation, more: Partial<Observed> = {}): Promise<Observed> => {
  const jwt = await settledJwt();
  return { jwt, secret: ourSecret(jwt, 0, { token }), key: UNREAD, ...more };
};

const unsigned = async (spec: Record<string, unknown>): Promise<Observed> => ({
  jwt: makeJwt(spec),
  secret: undefined,
  key: UNREAD,
});

describe('Ready', () => {
  const valid = { state: 'valid', expiresAt: NOW + DAY, tokenId: 'the-jti', signature: 'verified' } as const;
  it('is True while the Secret holds a valid token, whatever keeps the next from being signed', async () => {
    assert.equal(told(await settled(), {}, 'Ready'), 'True Signed');
    assert.equal(told(await settled(0, { key: noKey }), { problem: gone }, 'Ready'), 'True Signed');
    assert.equal(told(await withToken({ ...valid, legacy: true }), {}, 'Ready'), 'True LegacyToken');
    assert.equal(told({ jwt: makeJwt(), secret: undefined, key }, signed, 'Ready'), 'True Signed');
  });

  it('is False with the reason when there is none, once it expired, or when the Secret is somebody else’s', async () => {
    assert.equal(told(await withToken(faulty), { problem: gone }, 'Ready'), 'False KeyNotFound');
    assert.equal(
      told(await withToken({ ...valid, legacy: false }), { problem: gone }, 'Ready', NOW + DAY),
      'False KeyNotFound',
    );
    const conflict: Outcome = { problem: { reason: 'SecretConflict', message: 'theirs' } };
    assert.equal(told(await settled(), conflict, 'Ready'), 'False SecretConflict');
    assert.equal(told(await withToken(faulty), {}, 'Ready'), 'False WriteFailed');
  });

  it('is Unknown while nothing proves who signed the token: it may be forged', async () => {
    const unchecked = await withToken(
      { ...valid, legacy: true, signature: 'unknown' },
      { jwt: makeJwt(), key: noKey },
    );
    assert.equal(told(unchecked, {}, 'Ready'), 'Unknown KeyNotFound');
    const status = desiredStatus(unchecked, {}, NOW);
    assert.match(
      findCondition(status, 'Ready')?.message ?? '',
      /the token in Secret my-jwt cannot be checked: no such Secret: make one/,
    );
    assert.deepEqual(tokenOf(status), []);
    assert.equal(told({ ...unchecked, key }, signed, 'Ready'), 'True Signed');
  });

  it('carries the message of the problem, which ends with the remedy', async () => {
    const status = desiredStatus(await withToken(faulty), { problem: gone }, NOW);
    assert.equal(findCondition(status, 'Ready')?.message, gone.message);
  });
});

describe('KeyAvailable', () => {
  const cases: readonly (readonly [string, () => Promise<Observed>, Outcome, string])[] = [
    ['True once the key was read', () => settled(0, { key }), {}, 'True Signed'],
    ['True while the key is the recorded one, unread', () => settled(), {}, 'True Signed'],
    ['False while the key cannot be used', () => settled(0, { key: noKey }), {}, 'False KeyNotFound'],
    ['False when spec.key is the mistake', () => unsigned({ key: {} }), {}, 'False KeyUnreadable'],
    [
      'Unknown when the rest of the spec is',
      () => unsigned({ algorithm: 'none' }),
      {},
      'Unknown ClaimsInvalid',
    ],
    [
      'Unknown while no key was ever read',
      () => unsigned({}),
      { problem: { reason: 'SecretConflict', message: 'theirs' } },
      'Unknown SecretConflict',
    ],
  ];
  for (const [name, observed, outcome, expected] of cases) {
    it(`is ${name}`, async () => {
      assert.equal(told(await observed(), outcome, 'KeyAvailable'), expected);
    });
  }
});

describe('the remarks', () => {
  it('are absent when there is nothing to say', async () => {
    const status = desiredStatus(await settled(), {}, NOW);
    const types = status.conditions.map(({ type }) => type);
    assert.deepEqual(types, ['Ready', 'KeyAvailable']);
  });

  it('tell of a resignBefore that is not shorter than the lifetime, with the one that is used', async () => {
    const jwt = await settledJwt({ resignBefore: { days: 1 } });
    const status = desiredStatus(await settled(0, { jwt }), {}, NOW);
    assert.match(
      findCondition(status, 'RenewalClamped')?.message ?? '',
      /half of it, 12 h, is used; set a shorter/,
    );
  });

  it('tell of a data.iss that differs, and use it', async () => {
    const jwt = await settledJwt({ data: { iss: 'https://other.example.com' } });
    assert.equal(told(await settled(0, { jwt }), {}, 'IssuerMismatch'), 'True IssuerMismatch');
    assert.equal(desiredStatus(await settled(0, { jwt }), {}, NOW).issuer, 'https://other.example.com');
    const same = await settledJwt({ data: { iss: 'https://issuer.example.com/' } });
    assert.equal(told(await settled(0, { jwt: same }), {}, 'IssuerMismatch'), undefined);
  });

  it('tell of a key that changed under its kid, until a signature with the key of before', async () => {
    const jwt = await settledJwt();
    const reused = desiredStatus({ jwt, secret: ourSecret(jwt), key: otherKey }, signed, NOW);
    assert.ok(findCondition(reused, 'KeyIdReused'));
    const after = { ...jwt, recorded: reused };
    assert.equal(told(await settled(0, { jwt: after }), {}, 'KeyIdReused'), 'True KeyIdReused', 'kept');
    assert.equal(
      told(await settled(0, { jwt: after, key: otherKey }), signed, 'KeyIdReused'),
      undefined,
      'over',
    );
    const renamed = { ...makeJwt({ keyId: 'another' }), recorded: jwt.recorded };
    assert.equal(
      told({ jwt: renamed, secret: ourSecret(jwt), key: otherKey }, signed, 'KeyIdReused'),
      undefined,
    );
  });

  it('tell of a renewal that is overdue once half of resignBefore has passed, until the token expires', async () => {
    const overdue = 21.5 * HOUR;
    const outcome = { problem: gone };
    const observed = await settled(0, { key: noKey });
    assert.equal(told(observed, outcome, 'RenewalOverdue', NOW + overdue - 1), undefined);
    assert.equal(told(observed, outcome, 'RenewalOverdue', NOW + overdue), 'True RenewalOverdue');
    assert.equal(told(observed, outcome, 'RenewalOverdue', NOW + DAY), undefined);
    const condition = findCondition(desiredStatus(observed, outcome, NOW + overdue), 'RenewalOverdue');
    assert.match(condition?.message ?? '', /expires at 2027-01-16T08:00:00Z: no such Secret: make one$/);
  });
});

describe('the fields of the status', () => {
  it('after a signature are those of the new token and its key', async () => {
    const jwt = await settledJwt({}, { annotations: { [RENEW]: '2' }, generation: 3 });
    const { conditions: _conditions, ...empty } = NO_STATUS;
    const { conditions: _described, ...status } = desiredStatus(
      { jwt, secret: ourSecret(jwt), key: otherKey },
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

  it('count a first signature as no renewal', () => {
    assert.equal(desiredStatus({ jwt: makeJwt(), secret: undefined, key }, signed, NOW).renewals, 0);
  });

  it('without a signature keep what was served, and the record of the key', async () => {
    const jwt = await settledJwt({}, { annotations: { [RENEW]: '2' } });
    const known = { ...jwt, recorded: { ...jwt.recorded, lastRenew: '1', renewals: 4 } };
    const status = desiredStatus({ jwt: known, secret: ourSecret(jwt), key: noKey }, { problem: gone }, NOW);
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

  it('are the same once they were written and read back: nothing is written twice', async () => {
    for (const observed of [
      await settled(),
      await withToken(faulty),
      await unsigned({ algorithm: 'none' }),
    ]) {
      const status = desiredStatus(observed, {}, NOW);
      assert.ok(isSameStatus(status, parseRecordedStatus(formatRecordedStatus(status))));
    }
  });

  it('complete the public key of an earlier version, which is no reason to write by itself', async () => {
    const bare = JSON.stringify(key.key.publicJwk);
    const { recorded, ...rest } = await settledJwt();
    const jwt = { ...rest, recorded: { ...recorded, publicKey: bare } };
    const recordedKey = parsePublicJwk(bare);
    const status = desiredStatus(await settled(0, { jwt, recordedKey }), {}, NOW);
    const complete = { ...key.key.publicJwk, kid: 'my-jwt-key', alg: 'ES256', use: 'sig' };
    assert.deepEqual(JSON.parse(status.publicKey ?? ''), complete);
    assert.ok(isSameStatus(status, { ...status, publicKey: bare }));
    assert.ok(!isSameStatus(status, { ...status, publicKey: bare, renewals: 7 }));
    for (const publicKey of [undefined, '{', JSON.stringify(otherKey.key.publicJwk)])
      assert.ok(!isSameStatus(status, { ...status, publicKey }), publicKey);
    const expired = desiredStatus(await withToken(faulty, { jwt }), { problem: gone }, NOW);
    assert.equal(expired.publicKey, bare, 'the record of a key that is not read says what it said');
  });

  it('record a key that was read only when it proved to be the token’s', async () => {
    const jwt = await settledJwt();
    const version = (seen: KeyObservation): unknown =>
      desiredStatus({ jwt, secret: ourSecret(jwt), key: seen }, {}, NOW).keyVersion;
    assert.equal(version({ ...key, version: 'key/7' }), 'key/7');
    assert.equal(version(otherKey), 'key/1');
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
    const status = desiredStatus({ jwt, secret: { ...secret, token }, key: UNREAD }, {}, NOW);
    assert.deepEqual([status.tokenId, status.issuedAt], ['another', NOW - HOUR]);
  });

  it('of the token go with it, and the next attempt comes with a failure', async () => {
    const status = desiredStatus(await withToken(faulty), { problem: gone, retryAt: NOW + 7 }, NOW);
    assert.deepEqual(tokenOf(status), []);
    assert.equal(status.nextAttemptAt, NOW + 7);
    assert.equal(desiredStatus(await settled(), {}, NOW).nextAttemptAt, undefined);
  });
});
