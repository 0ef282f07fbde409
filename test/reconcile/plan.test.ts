import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planNext } from '../../src/reconcile/plan.ts';
import { ADOPT, EXPIRES_AT, GROUP, LAST_SIGNING_TIME, RENEW } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { DAY, NOW, makeObserved, ourSecret, readKey, settled, settledJwt } from '../fixtures/observed.ts';

const key = { state: 'read', version: 'key/1', key: await readKey() } as const;
const otherKey = { state: 'read', version: 'key/2', key: await readKey(toPem(makeKey('ES256'))) } as const;
const noKey = { state: 'unavailable', problem: { reason: 'KeyNotFound', message: 'no key' } } as const;

describe('the plan', () => {
  it('waits while the token can be used', async () => {
    assert.deepEqual(planNext(await settled(), NOW), { do: 'upToDate' });
    assert.deepEqual(
      planNext(await settled(18 * 3600), NOW),
      { do: 'upToDate' },
      'resignBefore is 5 h of 24',
    );
  });

  it('reads the key before it signs, and only then', async () => {
    const observed = makeObserved({ jwt: makeJwt() });
    assert.deepEqual(planNext(observed, NOW), { do: 'read', what: 'key' });
    assert.deepEqual(planNext({ ...observed, key }, NOW), { do: 'sign', cause: 'SecretMissing' });
  });

  it('signs if the token is faulty, with the fault as cause', async () => {
    for (const cause of [
      'TokenMissing',
      'TokenUnreadable',
      'Expired',
      'HeaderMismatch',
      'SignatureInvalid',
      'ClaimsMismatch',
    ] as const) {
      const jwt = await settledJwt();
      const secret = ourSecret(jwt, 0, { token: { state: 'faulty', cause } });
      assert.deepEqual(planNext(makeObserved({ jwt, secret, key }), NOW), { do: 'sign', cause });
    }
  });

  it('signs nothing that the cluster’s policy forbids, and reports that only when a token is due', async () => {
    const policyRefusal = { reason: 'PolicyDenied', message: 'too long' } as const;
    assert.deepEqual(planNext(await settled(0, { key, policyRefusal }), NOW), { do: 'upToDate' });
    assert.deepEqual(planNext(await settled(19 * 3600, { policyRefusal }), NOW), {
      do: 'report',
      problem: policyRefusal,
      wanted: 'RenewalDue',
    });
  });

  it('signs when the renewal is due', async () => {
    assert.deepEqual(planNext(await settled(19 * 3600, { key }), NOW), { do: 'sign', cause: 'RenewalDue' });
  });

  it('signs when the renew annotation has a value not served yet', async () => {
    const jwt = await settledJwt({}, { annotations: { [RENEW]: 'now' } });
    assert.deepEqual(planNext(await settled(0, { jwt, key }), NOW), { do: 'sign', cause: 'RenewRequested' });
    const served = { ...jwt, recorded: { ...jwt.recorded, lastRenew: 'now' } };
    assert.deepEqual(planNext(await settled(0, { jwt: served, key }), NOW), { do: 'upToDate' });
  });

  it('reads the JWT itself before it serves a request that another leader possibly served', async () => {
    const jwt = await settledJwt({}, { annotations: { [RENEW]: 'now' } });
    const behind = { ...jwt, recorded: { ...jwt.recorded, tokenId: 'of the token before' } };
    const observed = await settled(0, { jwt: behind, key });
    assert.deepEqual(planNext(observed, NOW), { do: 'read', what: 'jwt' });
    const confirmed = { ...observed, isJwtConfirmed: true };
    assert.deepEqual(planNext(confirmed, NOW), { do: 'sign', cause: 'RenewRequested' });
  });

  it('reads a key with a new version, and signs only if it is another key', async () => {
    assert.deepEqual(planNext(await settled(0, { key: { state: 'unread', version: 'key/2' } }), NOW), {
      do: 'read',
      what: 'key',
    });
    assert.deepEqual(planNext(await settled(0, { key: { ...key, version: 'key/2' } }), NOW), {
      do: 'upToDate',
    });
    assert.deepEqual(planNext(await settled(0, { key: otherKey }), NOW), { do: 'sign', cause: 'KeyChanged' });
  });

  it('reports a key that cannot be used only when a token is due', async () => {
    assert.deepEqual(planNext(await settled(0, { key: noKey }), NOW), { do: 'upToDate' });
    assert.deepEqual(planNext(await settled(DAY, { key: noKey }), NOW), {
      do: 'report',
      problem: noKey.problem,
      wanted: 'RenewalDue',
    });
  });

  it('never changes a foreign Secret', async () => {
    const jwt = await settledJwt();
    const foreign = ourSecret(jwt, 0, { owners: [], annotations: {}, token: { state: 'unread' } });
    const plan = planNext(makeObserved({ jwt, secret: foreign, key }), NOW);
    assert.ok(plan.do === 'report' && plan.problem.reason === 'SecretConflict');
    assert.match(
      plan.problem.message,
      /kubectl annotate secret my-jwt -n science tokens.osg-htc.org\/adopt=my-jwt/,
    );
    const handedOver = { ...foreign, annotations: { [ADOPT]: 'my-jwt' } };
    assert.deepEqual(planNext(makeObserved({ jwt, secret: handedOver, key }), NOW), {
      do: 'read',
      what: 'token',
    });
    const otherController = {
      ...handedOver,
      owners: [{ group: '', kind: 'App', name: 'x', uid: 'y', controller: true }],
    };
    assert.equal(planNext(makeObserved({ jwt, secret: otherController, key }), NOW).do, 'report');
  });

  it('never writes to the Secret of its own key, and recommends nothing that would delete the key', async () => {
    const jwt = await settledJwt();
    const foreign = ourSecret(jwt, 0, { owners: [], annotations: {}, token: { state: 'unread' } });
    const handedOver = { ...foreign, annotations: { [ADOPT]: 'my-jwt' } };
    const disowned = { owners: [] };
    for (const secret of [
      undefined,
      foreign,
      handedOver,
      ourSecret(jwt, 0, disowned),
      ourSecret(jwt, DAY, disowned),
    ]) {
      const plan = planNext(makeObserved({ jwt, secret, key, isKeyInOwnSecret: true }), NOW);
      assert.ok(plan.do === 'report' && plan.problem.reason === 'SecretConflict');
      assert.match(plan.problem.message, /^spec\.key\.secret names Secret my-jwt, .*of another name/);
      assert.doesNotMatch(plan.problem.message, /delete|adopt|hand it over/i);
    }
  });

  it('waits for the Secret of a deleted JWT of the same name', async () => {
    const jwt = await settledJwt();
    const secret = ourSecret(jwt, 0, {
      owners: [{ group: GROUP, kind: 'JWT', name: 'my-jwt', uid: 'older', controller: true }],
    });
    const plan = planNext(makeObserved({ jwt, secret, key }), NOW);
    assert.ok(plan.do === 'report' && plan.problem.reason === 'SecretConflict');
    assert.match(plan.problem.message, /as soon as it is gone/);
  });

  it('takes over a Secret of token-manager without a write', async () => {
    const jwt = makeJwt();
    const legacy = ourSecret(jwt, 0, {
      labels: {},
      annotations: { [LAST_SIGNING_TIME]: '1743630000.123456' },
      ours: { labels: [], annotations: [] },
      token: {
        state: 'valid',
        expiresAt: NOW + DAY,
        isLegacy: true,
        tokenId: undefined,
        signature: 'unknown',
      },
    });
    assert.deepEqual(
      planNext(makeObserved({ jwt, secret: legacy }), NOW),
      { do: 'read', what: 'key' },
      'to verify it',
    );
    const verified = { ...legacy, token: { ...legacy.token, signature: 'verified' } as typeof legacy.token };
    assert.deepEqual(planNext(makeObserved({ jwt, secret: verified, key }), NOW), { do: 'upToDate' });
    assert.deepEqual(
      planNext(makeObserved({ jwt, secret: legacy, key: noKey }), NOW),
      { do: 'upToDate' },
      'nothing better is to be had',
    );
  });

  it('repairs metadata that drifted, with the same token', async () => {
    const jwt = await settledJwt({ secretTemplate: { labels: { team: 'a' }, annotations: { note: 'b' } } });
    const good = ourSecret(jwt);
    const drifts = {
      'a label was changed': { labels: { ...good.labels, team: 'z' } },
      'our label was removed': { labels: { team: 'a' } },
      'the owner reference was removed': { owners: [] },
      'a template annotation was removed': { annotations: { ...good.annotations, note: 'x' } },
      'expires-at was edited': { annotations: { ...good.annotations, [EXPIRES_AT]: '9999-01-01T00:00:00Z' } },
      'last-signing-time is not a number': {
        annotations: { ...good.annotations, [LAST_SIGNING_TIME]: 'NaN' },
      },
      'a label is no longer wanted': { ours: { ...good.ours, labels: [...good.ours.labels, 'old'] } },
    };
    assert.deepEqual(planNext(makeObserved({ jwt, secret: good }), NOW), { do: 'upToDate' });
    for (const [name, drift] of Object.entries(drifts)) {
      assert.deepEqual(
        planNext(makeObserved({ jwt, secret: { ...good, ...drift }, isJwtConfirmed: true }), NOW),
        { do: 'repair' },
        name,
      );
    }
  });

  it('ignores a JWT that is being deleted', async () => {
    const jwt = makeJwt({}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    assert.deepEqual(planNext(makeObserved({ jwt, key }), NOW), { do: 'ignore' });
  });

  it('reports mistakes in the spec, with the remedy', () => {
    const cases: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
      [{ expiryTime: { days: 0 } }, 'ClaimsInvalid', /zero: set at least one of days, hours and minutes/],
      [{ expiryTime: {} }, 'ClaimsInvalid', /at least one of days, hours and minutes/],
      [{ expiryTime: { days: -1 } }, 'ClaimsInvalid', /0 or more/],
      [{ key: { configMap: { name: 'k', key: 'k' } } }, 'KeyUnreadable', /kubectl create secret/],
      [{ key: {} }, 'KeyUnreadable', /exactly one source, it has none/],
      [{ key: { value: 'x', secret: { name: 'a', key: 'b' } } }, 'KeyUnreadable', /it has value and secret/],
      [{ key: { secret: {} } }, 'KeyUnreadable', /spec.key.secret.name/],
      [{ algorithm: 'HS256' }, 'ClaimsInvalid', /spec.algorithm/],
    ];
    for (const [spec, reason, says] of cases) {
      const plan = planNext(makeObserved({ jwt: makeJwt(spec), key }), NOW);
      assert.ok(plan.do === 'report');
      assert.equal(plan.problem.reason, reason);
      assert.match(plan.problem.message, says);
    }
  });
});
