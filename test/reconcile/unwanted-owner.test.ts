import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPatch, type Operation } from 'rfc6902';
import type { Observed, TokenObservation } from '../../src/reconcile/observed.ts';
import { planNext, planToken } from '../../src/reconcile/plan.ts';
import { disownPatch } from '../../src/reconcile/unwanted-owner.ts';
import { EXPIRES_AT, GROUP, LAST_SIGNING_TIME, OWNING_JWT } from '../../src/resources/names.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import { SIGNATURE_CAUSES } from '../../src/resources/reasons.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NOW, UNREAD, makeObserved, ourSecret, readKey, settledJwt } from '../fixtures/observed.ts';

const DISOWN = { do: 'disown' };
const jwt = await settledJwt();
const KEYS: Readonly<Record<string, Observed['key']>> = {
  'a key that was read': { state: 'read', version: 'key/1', key: await readKey() },
  'a key that is there': UNREAD,
  'a key whose grant is not known': { state: 'unread', version: 'key/1', isGrantUnread: true },
  'no key': { state: 'unavailable', problem: { reason: 'KeyNotFound', message: 'no key' } },
};
const FAULTY = SIGNATURE_CAUSES.map((cause): TokenObservation => ({ state: 'faulty', cause }));

describe('a Secret that holds data of others', () => {
  it('loses the owner reference for any token and key: the data must outlive the JWT', () => {
    for (const token of [ourSecret(jwt).token, ...FAULTY])
      for (const [name, key] of Object.entries(KEYS)) {
        const secret = ourSecret(jwt, 0, { token, hasOtherData: true });
        assert.deepEqual(planNext(makeObserved({ jwt, secret, key }), NOW), DISOWN, name);
      }
  });

  it('loses it even if a policy forbids signing, or the spec cannot be served', () => {
    const expired = ourSecret(jwt, 0, { token: { state: 'faulty', cause: 'Expired' }, hasOtherData: true });
    const policyRefusal = { reason: 'PolicyDenied', message: 'too long' } as const;
    assert.deepEqual(planNext(makeObserved({ jwt, secret: expired, policyRefusal }), NOW), DISOWN);
    const broken = { ...jwt, spec: { ok: false, problem: policyRefusal } } as const;
    assert.deepEqual(planNext(makeObserved({ jwt: broken, secret: expired }), NOW), DISOWN);
    const { hasOtherData: _none, ...alone } = expired;
    const own = { ...alone, hasOtherData: false };
    assert.equal(planNext(makeObserved({ jwt: broken, secret: own }), NOW).do, 'report');
  });

  it('loses it before a finalizer of token-manager is removed from a JWT that is being deleted', () => {
    const metadata = {
      deletionTimestamp: '2027-01-15T08:00:00Z',
      finalizers: ['kopf.zalando.org/KopfFinalizerMarker'],
    };
    const deleted = makeJwt({}, { metadata });
    const secret = ourSecret(deleted, 0, { hasOtherData: true });
    assert.deepEqual(planNext(makeObserved({ jwt: deleted, secret }), NOW + 10), DISOWN);
    const disowned = makeObserved({ jwt: deleted, secret: { ...secret, owners: [] } });
    assert.deepEqual(planNext(disowned, NOW + 10), { do: 'release' });
    for (const hasOtherData of [true, undefined])
      assert.deepEqual(
        planToken(makeObserved({ jwt: deleted, secret: { ...secret, hasOtherData } }), NOW + 10),
        { do: 'ignore' },
        'as long as its owners cannot be changed',
      );
    assert.deepEqual(planToken(disowned, NOW + 10), { do: 'release' });
  });

  it('also loses one that does not control it, and one that token-manager wrote', () => {
    const [owner] = ourSecret(jwt).owners;
    assert.ok(owner !== undefined);
    const owners = [{ ...owner, controller: false }];
    const secret = ourSecret(jwt, 0, { owners, hasOtherData: true });
    assert.deepEqual(planNext(makeObserved({ jwt, secret }), NOW), DISOWN);
    const legacy = {
      labels: {},
      annotations: { [LAST_SIGNING_TIME]: '1743630000.5' },
      ours: { labels: [], annotations: [] },
    };
    const taken = ourSecret(jwt, 0, { ...legacy, hasOtherData: true });
    assert.deepEqual(planNext(makeObserved({ jwt, secret: taken }), NOW), DISOWN);
  });

  it('is read before that decision', () => {
    const secret = ourSecret(jwt, 0, { token: { state: 'unread' }, hasOtherData: undefined });
    for (const key of Object.values(KEYS))
      assert.deepEqual(planNext(makeObserved({ jwt, secret, key }), NOW), { do: 'read', what: 'token' });
  });

  it('is renewed meanwhile if its owners cannot be changed', () => {
    const secret = ourSecret(jwt, 0, { token: { state: 'faulty', cause: 'Expired' }, hasOtherData: true });
    const key = KEYS['a key that was read'] ?? UNREAD;
    assert.deepEqual(planToken(makeObserved({ jwt, secret, key }), NOW), { do: 'sign', cause: 'Expired' });
  });

  it('stays unchanged while it is being deleted, and if another object controls it', () => {
    const others = { group: '', kind: 'App', name: 'x', uid: 'y', controller: true };
    const { owners } = ourSecret(jwt);
    for (const more of [{ isDeleting: true }, { owners: [others, ...owners] }]) {
      const secret = ourSecret(jwt, 0, { hasOtherData: true, ...more });
      assert.equal(planNext(makeObserved({ jwt, secret }), NOW).do, 'report');
    }
  });
});

describe('with Retain', () => {
  it('the Secret has no owner reference, for any token and key', async () => {
    const retained = await settledJwt({ deletionPolicy: 'Retain' });
    for (const token of [ourSecret(jwt).token, ...FAULTY])
      for (const key of Object.values(KEYS)) {
        const secret = ourSecret(retained, 0, { token });
        assert.deepEqual(planNext(makeObserved({ jwt: retained, secret, key }), NOW), DISOWN);
      }
    const free = ourSecret(retained, 0, { owners: [] });
    assert.deepEqual(planNext(makeObserved({ jwt: retained, secret: free }), NOW), { do: 'upToDate' });
  });

  it('it has none either while the spec cannot be served for another reason', () => {
    const broken = makeJwt({ deletionPolicy: 'Retain', expiryTime: {} });
    assert.ok(!broken.spec.ok);
    for (const hasOtherData of [true, false, undefined]) {
      const secret = ourSecret(jwt, 0, { hasOtherData });
      assert.deepEqual(planNext(makeObserved({ jwt: broken, secret }), NOW), DISOWN);
    }
  });
});

describe('the Secret that now has the JWT’s own key', () => {
  const own = (more: Parameters<typeof ourSecret>[2], key: Observed['key'] = UNREAD): Observed =>
    makeObserved({ jwt, secret: ourSecret(jwt, 0, more), key, isKeyInOwnSecret: true });

  it('loses the owner reference for any content: the key can be in any entry, or be added later', () => {
    for (const token of [ourSecret(jwt).token, ...FAULTY, { state: 'unread' } as const])
      for (const hasOtherData of [true, false, undefined])
        for (const key of Object.values(KEYS))
          assert.deepEqual(planNext(own({ token, hasOtherData }, key), NOW), DISOWN);
  });

  it('is reported when it has none, and left alone while it is being deleted', () => {
    for (const more of [{ owners: [] }, { isDeleting: true }])
      assert.equal(planNext(own({ hasOtherData: true, ...more }), NOW).do, 'report');
  });
});

describe('the patch that removes the JWT from the owners', () => {
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'other-uid' };
  const owner = { apiVersion: `${GROUP}/v1`, kind: 'JWT', name: jwt.name, uid: jwt.uid };
  const named = { [OWNING_JWT]: `${jwt.namespace}/${jwt.name}` };
  const secretOf = (ownerReferences: readonly unknown[], annotations?: Record<string, string>) => ({
    metadata: {
      resourceVersion: '11',
      ownerReferences,
      ...(annotations === undefined ? {} : { annotations }),
    },
  });
  const patched = (secret: JsonObject): JsonObject => {
    const result = structuredClone(secret);
    const failures = applyPatch(result, structuredClone(disownPatch(jwt, secret)) as unknown as Operation[]);
    assert.ok(failures.every((failure) => failure === null));
    return result;
  };

  it('does not change other owners or other fields', () => {
    for (const annotations of [
      named,
      { ...named, note: 'mine' },
      { [LAST_SIGNING_TIME]: '1743630000.5' },
    ] as Record<string, string>[])
      for (const owners of [[owner], [other, owner], [owner, other, owner]])
        assert.deepEqual(
          patched(secretOf(owners, annotations)),
          secretOf(
            owners.filter((reference) => reference === other),
            annotations,
          ),
        );
  });

  it('names the JWT in a Secret that belonged to it only by the reference', () => {
    assert.deepEqual(patched(secretOf([owner])), secretOf([], named));
    const foreign = { [OWNING_JWT]: 'lab/other', [EXPIRES_AT]: '2027-01-16T08:00:00Z' };
    assert.deepEqual(patched(secretOf([owner], foreign)), secretOf([], { ...foreign, ...named }));
  });

  it('does not change a Secret that changed meanwhile', () => {
    const changed = { metadata: { ...secretOf([owner]).metadata, resourceVersion: '12' } };
    const operations = structuredClone(disownPatch(jwt, secretOf([owner]))) as unknown as Operation[];
    assert.equal(applyPatch(changed, operations)[0]?.name, 'TestError');
  });

  it('is empty if the JWT is not an owner', () => {
    assert.deepEqual(disownPatch(jwt, secretOf([other])), []);
    assert.deepEqual(disownPatch(jwt, {}), []);
  });
});
