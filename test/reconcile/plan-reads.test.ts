import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observed, TokenObservation } from '../../src/reconcile/observed.ts';
import { planNext } from '../../src/reconcile/plan.ts';
import { RENEW } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import {
  DAY,
  NOW,
  UNREAD,
  makeObserved,
  ourSecret,
  readKey,
  settled,
  settledJwt,
} from '../fixtures/observed.ts';

const key = { state: 'read', version: 'key/1', key: await readKey() } as const;
const noKey = { state: 'unavailable', problem: { reason: 'KeyNotFound', message: 'no key' } } as const;
const READ_TOKEN = { do: 'read', what: 'token' };
const READ_KEY = { do: 'read', what: 'key' };
const SIGN_MISSING = { do: 'sign', cause: 'SecretMissing' };
const RENEW_DUE = { do: 'sign', cause: 'RenewalDue' };
const REPAIR = { do: 'repair' };
const readJwtBefore = (before: object): object => ({ do: 'read', what: 'jwt', before });

const jwt = await settledJwt();
const plan = (observed: Observed): unknown => planNext(observed, NOW);

describe('a Secret that is missing, although its token was published', () => {
  const missing: Observed = makeObserved({ jwt, key });

  it('is read from the API server, then its JWT, before anything is signed: caches can be late', () => {
    assert.deepEqual(plan(missing), READ_TOKEN);
    assert.deepEqual(plan({ ...missing, isAbsenceConfirmed: true }), readJwtBefore(SIGN_MISSING));
    assert.deepEqual(plan({ ...missing, isAbsenceConfirmed: true, isJwtConfirmed: true }), SIGN_MISSING);
  });

  it('costs no read of a private key before that: a deleted JWT needs none', () => {
    const recorded = { ...jwt.recorded, keyVersion: undefined };
    const observed = { ...missing, jwt: { ...jwt, recorded }, key: UNREAD, isAbsenceConfirmed: true };
    assert.deepEqual(plan(observed), readJwtBefore(SIGN_MISSING));
    assert.deepEqual(plan({ ...observed, isJwtConfirmed: true }), READ_KEY);
  });

  it('is read first also if its token had no jti, as those of an old token-manager', () => {
    const recorded = { ...jwt.recorded, tokenId: undefined, expiresAt: NOW + DAY };
    const observed = { ...missing, jwt: { ...jwt, recorded } };
    assert.deepEqual(plan(observed), READ_TOKEN);
    assert.deepEqual(plan({ ...observed, isAbsenceConfirmed: true }), readJwtBefore(SIGN_MISSING));
  });

  it('gets a token at once if none was ever published', () => {
    assert.deepEqual(plan({ ...missing, jwt: makeJwt() }), SIGN_MISSING);
  });
});

describe('a Secret without the owner reference of its JWT', () => {
  const orphan = (age: number): Observed =>
    makeObserved({ jwt, key, secret: ourSecret(jwt, age, { owners: [] }) });

  it('gets it back, or a new token, only after the API server confirms that the JWT is not being deleted', () => {
    for (const [age, write] of [
      [0, REPAIR],
      [20 * 3_600, RENEW_DUE],
    ] as const) {
      assert.deepEqual(plan(orphan(age)), readJwtBefore(write));
      assert.deepEqual(plan({ ...orphan(age), isJwtConfirmed: true }), write);
    }
    assert.deepEqual(plan({ ...orphan(0), jwt: { ...jwt, isDeleting: true }, isJwtConfirmed: true }), {
      do: 'ignore',
    });
  });

  it('that must have none is written without a read', async () => {
    const retained = await settledJwt({ deletionPolicy: 'Retain' });
    const drifted = ourSecret(retained, 0, { owners: [], labels: {} });
    assert.deepEqual(plan(makeObserved({ jwt: retained, key, secret: drifted })), { do: 'repair' });
  });
});

describe('a token whose signer is not proved', () => {
  it('is checked with the private key when no public one is recorded', () => {
    const token = { ...ourSecret(jwt).token, signature: 'unknown' } as TokenObservation;
    assert.deepEqual(plan(makeObserved({ jwt, secret: ourSecret(jwt, 0, { token }) })), READ_KEY);
  });

  it('is checked with it if the version of the key is not recorded, so that it will be', async () => {
    const recorded = { ...jwt.recorded, keyVersion: undefined };
    assert.deepEqual(plan(await settled(0, { jwt: { ...jwt, recorded } })), READ_KEY);
  });
});

describe('a key whose grant is only in the key’s Secret', () => {
  it('is read before anything is reported about the JWT', async () => {
    const unread = { ...UNREAD, isGrantUnread: true } as const;
    const foreign = ourSecret(jwt, 0, { owners: [], annotations: {} });
    for (const secret of [undefined, foreign, ourSecret(jwt), ourSecret(jwt, DAY)])
      assert.deepEqual(plan(makeObserved({ jwt, secret, key: unread })), READ_KEY);
  });
});

describe('a signature', () => {
  it('needs the whole JWT if the cache only keeps a digest of its claims', async () => {
    assert.ok(jwt.spec.ok);
    const spec = { ok: true, value: { ...jwt.spec.value, claimsDigest: 'x' } } as const;
    const observed = { ...(await settled(20 * 3_600, { key })), jwt: { ...jwt, spec } };
    assert.deepEqual(plan(observed), readJwtBefore(RENEW_DUE));
    assert.deepEqual(plan({ ...observed, isJwtConfirmed: true }), RENEW_DUE);
  });

  it('that is due by time does not wait for the JWT, for any token in the status', async () => {
    const behind = { ...jwt, recorded: { ...jwt.recorded, tokenId: 'of the token before' } };
    assert.deepEqual(plan(await settled(20 * 3_600, { jwt: behind, key })), {
      do: 'sign',
      cause: 'RenewalDue',
    });
  });

  it('that was requested waits for the JWT only if the status describes another token', async () => {
    const asked = await settledJwt({}, { annotations: { [RENEW]: 'now' } });
    assert.deepEqual(plan(await settled(0, { jwt: asked, key })), { do: 'sign', cause: 'RenewRequested' });
  });
});

describe('without a key', () => {
  it('a due token is reported, with the reason why it is needed', () => {
    const report = (wanted: string): object => ({ do: 'report', problem: noKey.problem, wanted });
    assert.deepEqual(plan(makeObserved({ jwt: makeJwt(), key: noKey })), report('SecretMissing'));
    const faulty = ourSecret(jwt, 0, { labels: {}, token: { state: 'faulty', cause: 'Expired' } });
    assert.deepEqual(
      plan(makeObserved({ jwt, secret: faulty, key: noKey })),
      report('Expired'),
      'its labels come with a new token',
    );
  });

  it('metadata of a token that is still valid is repaired', async () => {
    const drifted = ourSecret(jwt, 20 * 3_600, { labels: {} });
    assert.deepEqual(plan(makeObserved({ jwt, secret: drifted, key: noKey })), { do: 'repair' });
  });
});

describe('a JWT that is being deleted', () => {
  const deleted = (finalizers: readonly string[]): Observed =>
    makeObserved({
      jwt: makeJwt({}, { metadata: { deletionTimestamp: '2027-01-15T08:00:00Z', finalizers } }),
      key,
    });

  it('is released from token-manager’s finalizer after ten seconds, and ignored before', () => {
    const observed = deleted(['kopf.zalando.org/KopfFinalizerMarker']);
    assert.deepEqual(planNext(observed, NOW + 9), { do: 'ignore' });
    assert.deepEqual(planNext(observed, NOW + 10), { do: 'release' });
  });

  it('is ignored forever with finalizers of others', () => {
    assert.deepEqual(planNext(deleted(['example.org/x']), NOW + DAY), { do: 'ignore' });
  });
});
