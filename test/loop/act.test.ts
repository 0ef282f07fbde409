import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { disownSecret, repairSecret, writeToken, type Store } from '../../src/loop/act.ts';
import { makeToken, type NewToken } from '../../src/loop/make-token.ts';
import { Stale } from '../../src/loop/stale.ts';
import type { Observed } from '../../src/reconcile/observed.ts';
import { objectMember, type JsonObject } from '../../src/resources/json.ts';
import { readSecretToken } from '../../src/resources/secret.ts';
import { LAST_SIGNING_TIME } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { DAY, NOW, makeObserved, ourSecret, readKey } from '../fixtures/observed.ts';
import { wireSecret } from './model/sources.ts';

const jwt = makeJwt();
const key = { state: 'read', version: 'key/1', key: await readKey() } as const;
const absent: Observed = makeObserved({ jwt, key });

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

const newToken = async (): Promise<NewToken> => {
  const made = await makeToken(absent, NOW);
  assert.ok(made.ok);
  return made.value;
};

describe('a write of a token', () => {
  it('writes a token that verifies with the key that signed it', async () => {
    const { store, applied } = makeStore();
    const { claims, signedBy, text } = await newToken();
    await writeToken(store, absent, await newToken());
    await writeToken(store, absent, { ...(await newToken()), text, claims });
    const write = applied[1];
    assert.equal(readSecretToken(write?.body), text);
    const currentDate = new Date(NOW * 1000);
    const { payload, protectedHeader } = await jwtVerify(text, createPublicKey(NRP_KEY), { currentDate });
    assert.deepEqual(payload, { ...claims });
    assert.deepEqual(protectedHeader, { alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' });
    assert.deepEqual([write?.signedBy, signedBy], [key.key.thumbprint, key.key.thumbprint]);
  });

  it('overwrites exactly the version of the Secret that was seen, by force; if there was none, without force', async () => {
    const { store, applied } = makeStore();
    await writeToken(store, absent, await newToken());
    await writeToken(store, { ...absent, secret: ourSecret(jwt) }, await newToken());
    assert.deepEqual(
      applied.map(({ body, force }) => [versionOf(body), force]),
      [
        ['1', false],
        ['11', true],
      ],
    );
  });

  it('throws the error of the API server', async () => {
    const { store } = makeStore();
    const refusing = { ...store, applySecret: () => Promise.reject(new Error('409')) };
    await assert.rejects(writeToken(refusing, absent, await newToken()), /409/);
  });

  /** Overwrites a Secret of token-manager that was seen at version 11. */
  const takeOver = async (storedVersion: string) => {
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
      wireSecret('my-jwt', {}, { resourceVersion: storedVersion, annotations, managedFields }),
    );
    await writeToken(store, { ...absent, secret: legacy }, await newToken());
    return { patches: patches.length, written: versionOf(applied[0]?.body) };
  };

  it('first takes over token-manager’s Secret, then overwrites that version', async () => {
    assert.deepEqual(await takeOver('11'), { patches: 1, written: 'patched' });
  });

  it('does not overwrite a Secret that changed since: it can belong to others now, so the write conflicts', async () => {
    assert.deepEqual(await takeOver('12'), { patches: 0, written: '11' });
  });
});

describe('a repair', () => {
  const repair = async (stored?: JsonObject) => {
    const { store, applied } = makeStore(stored);
    const repairing = repairSecret(store, makeObserved({ jwt, secret: ourSecret(jwt) }));
    const isStale = await repairing.then(
      () => false,
      (error: unknown) => error instanceof Stale,
    );
    return { isStale, applied };
  };
  const claims = Buffer.from(JSON.stringify({ exp: NOW + DAY, iat: NOW - 60 })).toString('base64url');
  const token = `eyJhbGciOiJFUzI1NiJ9.${claims}.sig`;
  const present = wireSecret('my-jwt', { token }, { resourceVersion: '11' });

  it('writes the same token bytes with their times', async () => {
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

describe('removing the JWT from the owners of its Secret', () => {
  const owner = { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: jwt.name, uid: jwt.uid };
  const data = { note: 'precious' };
  const owned = wireSecret('my-jwt', data, { resourceVersion: '11', ownerReferences: [owner] });
  const observed = makeObserved({ jwt, secret: ourSecret(jwt, 0, { hasOtherData: true }) });

  it('needs no token in it, and returns the new state', async () => {
    const { store, applied, patches } = makeStore(owned);
    const { metadata } = await disownSecret(store, observed);
    assert.deepEqual([metadata.resourceVersion, applied], ['patched', []]);
    const [test, removal] = patches[0] ?? [];
    assert.deepEqual(test, { op: 'test', path: '/metadata/resourceVersion', value: '11' });
    assert.deepEqual(removal, { op: 'remove', path: '/metadata/ownerReferences/0' });
  });

  for (const [name, stored] of [
    ['is gone', undefined],
    ['changed since', wireSecret('my-jwt', data, { resourceVersion: '12', ownerReferences: [owner] })],
  ] as const) {
    it(`writes nothing, and says so, when the Secret ${name}`, async () => {
      const { store, patches } = makeStore(stored);
      await assert.rejects(disownSecret(store, observed), Stale);
      assert.deepEqual(patches, []);
    });
  }
});
