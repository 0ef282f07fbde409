import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { repairSecret, signAndWrite, statusBody, type Store } from '../../src/loop/act.ts';
import { Stale } from '../../src/loop/stale.ts';
import type { Observed } from '../../src/reconcile/observed.ts';
import { objectMember, type JsonObject } from '../../src/resources/json.ts';
import { readSecretToken } from '../../src/resources/secret.ts';
import { LAST_SIGNING_TIME } from '../../src/resources/names.ts';
import { makeJwt, makeSpec } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { DAY, NOW, ourSecret, readKey, UNREAD } from '../fixtures/observed.ts';
import { wireSecret } from './model/sources.ts';

const jwt = makeJwt();
const spec = makeSpec();
const key = { state: 'read', version: 'key/1', key: await readKey() } as const;
const absent: Observed = { jwt, secret: undefined, key };

function makeStore(stored?: JsonObject) {
  const applied: { body: JsonObject; force: boolean; signedBy?: string }[] = [];
  const patches: (readonly JsonObject[])[] = [];
  const store: Store = {
    readSecret: async () => stored,
    applySecret: async (body, options) => void applied.push({ body, ...options }),
    applyStatus: async () => {},
    patchSecret: async (_namespace, _name, operations) => {
      patches.push(operations);
      return wireSecret('my-jwt', {}, { resourceVersion: 'patched' });
    },
    patchJwt: async () => {},
  };
  return { store, applied, patches };
}

const versionOf = (body: JsonObject | undefined): unknown =>
  objectMember(body, 'metadata')?.['resourceVersion'];

describe('signing', () => {
  it('writes a token that verifies, and tells of it before', async () => {
    const { store, applied } = makeStore();
    const told: unknown[] = [];
    const signed = await signAndWrite(store, absent, NOW + 0.9, (token) => {
      assert.deepEqual(applied, []);
      told.push(token);
    });
    assert.ok(signed.ok);
    assert.deepEqual(told, [signed.value]);
    assert.equal(signed.value.issuedAt, NOW);
    const [write] = applied;
    const token = readSecretToken(write?.body) ?? '';
    const currentDate = new Date(NOW * 1000);
    const { payload, protectedHeader } = await jwtVerify(token, createPublicKey(NRP_KEY), { currentDate });
    assert.deepEqual(payload, { ...signed.value.claims });
    assert.deepEqual(protectedHeader, { alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' });
    assert.equal(write?.signedBy, key.key.thumbprint);
  });

  it('writes no token that is too long to be read again: it would be signed again and again', async () => {
    const { store, applied } = makeStore();
    const large = makeJwt({ data: { sub: 'x'.repeat(60_000) } });
    const told: unknown[] = [];
    const signed = await signAndWrite(
      store,
      { ...absent, jwt: large },
      NOW,
      (token) => void told.push(token),
    );
    assert.ok(!signed.ok);
    assert.equal(signed.problem.reason, 'ClaimsInvalid');
    assert.match(signed.problem.message, /^the token would take 80\d{3} bytes, .*: make spec.data smaller$/);
    assert.deepEqual([...told, ...applied], []);
  });

  it('writes over exactly the Secret that was seen, by force; over none without it', async () => {
    const { store, applied } = makeStore();
    await signAndWrite(store, absent, NOW, () => {});
    await signAndWrite(store, { ...absent, secret: ourSecret(jwt) }, NOW, () => {});
    assert.deepEqual(
      applied.map(({ body, force }) => [versionOf(body), force]),
      [
        ['1', false],
        ['11', true],
      ],
    );
  });

  it('ends with the problem of a spec or claims that cannot be signed, and writes nothing', async () => {
    const { store, applied } = makeStore();
    for (const mistake of [{ algorithm: 'none' }, { data: { n: 2 ** 60 } }, { data: { iss: 7 } }]) {
      const signed = await signAndWrite(store, { ...absent, jwt: makeJwt(mistake) }, NOW, () => {});
      assert.ok(!signed.ok && signed.problem.reason === 'ClaimsInvalid');
    }
    assert.deepEqual(applied, []);
  });

  it('throws what the API server says, and on a key that was never read', async () => {
    const { store } = makeStore();
    const refusing = { ...store, applySecret: () => Promise.reject(new Error('409')) };
    await assert.rejects(
      signAndWrite(refusing, absent, NOW, () => {}),
      /409/,
    );
    await assert.rejects(
      signAndWrite(store, { ...absent, key: UNREAD }, NOW, () => {}),
      /before its key was read/,
    );
  });

  it('makes token-manager’s Secret ours first, then writes over that state', async () => {
    const managedFields = [
      {
        manager: 'kopf',
        operation: 'Update',
        fieldsV1: { 'f:metadata': { 'f:annotations': { [`f:${LAST_SIGNING_TIME}`]: {} } } },
      },
    ];
    const annotations = { [LAST_SIGNING_TIME]: '1.5' };
    const legacy = ourSecret(jwt, 0, { annotations, labels: {}, ours: { labels: [], annotations: [] } });
    const { store, applied, patches } = makeStore(
      wireSecret('my-jwt', {}, { resourceVersion: '11', annotations, managedFields }),
    );
    await signAndWrite(store, { ...absent, secret: legacy }, NOW, () => {});
    assert.equal(patches.length, 1);
    assert.equal(versionOf(applied[0]?.body), 'patched');
  });
});

describe('repairing', () => {
  const repair = async (stored?: JsonObject) => {
    const { store, applied } = makeStore(stored);
    const repairing = repairSecret(store, jwt, spec, ourSecret(jwt));
    const isStale = await repairing.then(
      () => false,
      (error: unknown) => error instanceof Stale,
    );
    return { isStale, applied };
  };
  const claims = Buffer.from(JSON.stringify({ exp: NOW + DAY, iat: NOW - 60 })).toString('base64url');
  const token = `eyJhbGciOiJFUzI1NiJ9.${claims}.sig`;
  const present = wireSecret('my-jwt', { token }, { resourceVersion: '11' });

  it('writes the same token bytes with the times that they say', async () => {
    const { isStale, applied } = await repair(present);
    assert.equal(isStale, false);
    const [write] = applied;
    assert.equal(readSecretToken(write?.body), token);
    assert.deepEqual([write?.force, versionOf(write?.body)], [true, '11']);
    const annotations = objectMember(objectMember(write?.body, 'metadata'), 'annotations');
    assert.equal(annotations?.[LAST_SIGNING_TIME], String(NOW));
  });

  const untouched: readonly (readonly [string, JsonObject | undefined])[] = [
    ['is gone', undefined],
    ['changed since', wireSecret('my-jwt', { token }, { resourceVersion: '12' })],
    ['lost its token', wireSecret('my-jwt', {}, { resourceVersion: '11' })],
    ['holds garbage', wireSecret('my-jwt', { token: 'garbage' }, { resourceVersion: '11' })],
  ];
  for (const [name, stored] of untouched) {
    it(`writes nothing, and says so, when the Secret ${name}`, async () => {
      assert.deepEqual(await repair(stored), { isStale: true, applied: [] });
    });
  }
});

describe('the body of a status', () => {
  it('carries the resourceVersion of the JWT that it is about', () => {
    assert.deepEqual(statusBody(jwt, { renewals: 1 }), {
      apiVersion: 'tokens.osg-htc.org/v1',
      kind: 'JWT',
      metadata: { name: 'my-jwt', namespace: 'science', resourceVersion: '7' },
      status: { renewals: 1 },
    });
  });
});
