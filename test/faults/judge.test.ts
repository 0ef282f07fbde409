import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignJWT } from 'jose';
import type { Loose } from '../integration/objects.ts';
import { makeKey } from '../fixtures/keys.ts';
import type { CaseFile } from './case-file.ts';
import { judge } from './judge.ts';
import type { Sighting } from './observer.ts';

const START = 1_800_000_000; // seconds
const LIFETIME = 3_600;
const key = makeKey('ES256');
const LABELS = { 'tokens.osg-htc.org/managed': 'true', 'app.kubernetes.io/managed-by': 'jwt-injector' };

interface TokenWish {
  readonly signedAt?: number;
  readonly keyId?: string;
  readonly signer?: typeof key;
  readonly claims?: Loose;
}

function makeToken({
  signedAt = START,
  keyId = 'k1',
  signer = key,
  claims = {},
}: TokenWish): Promise<string> {
  const iat = signedAt - 60;
  const payload = {
    sub: 'a',
    iss: 'https://i',
    iat,
    nbf: iat,
    exp: signedAt + LIFETIME,
    jti: `j${signedAt}`,
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: keyId, typ: 'JWT' }).sign(signer);
}

async function seeSecret(
  version: number,
  at: number,
  wish: TokenWish & { readonly more?: Loose } = {},
): Promise<Sighting> {
  const { signedAt = at, more = {} } = wish;
  const token = await makeToken({ ...wish, signedAt });
  const { data, ...metadata } = more;
  const object = {
    metadata: {
      ownerReferences: [{ kind: 'JWT', uid: 'jwt-uid', controller: true }],
      labels: LABELS,
      annotations: {
        'tokens.osg-htc.org/jwt': 'science/a',
        'tokens.osg-htc.org/expires-at': new Date((signedAt + LIFETIME) * 1000).toISOString(),
        'tokens.osg-htc.org/last-signing-time': `${signedAt}`,
      },
      ...metadata,
    },
    data: { token: Buffer.from(token).toString('base64'), ...data },
  };
  return sighting('Secret', version, at, object);
}

function sighting(
  kind: Sighting['kind'],
  version: number,
  at: number,
  object: Loose,
  isGone = false,
): Sighting {
  const uid = kind === 'JWT' ? 'jwt-uid' : (object.metadata.uid ?? 'secret-uid');
  return { kind, at: at * 1000, isGone, name: 'a', uid, resourceVersion: `${version}`, object };
}

const READY = {
  metadata: { uid: 'jwt-uid', namespace: 'science', name: 'a' },
  status: { tokenId: 'j', conditions: [{ type: 'Ready', status: 'True' }] },
};
const ready = (at: number): Sighting => sighting('JWT', 2, at, READY);
const spec = {
  from: 0,
  keyId: 'k1',
  algorithm: 'ES256',
  issuer: 'https://i',
  data: { sub: 'a' },
  lifetime: LIFETIME,
  resignBefore: LIFETIME / 2,
};

/** An entry of `metadata.managedFields`: this manager set `blockOwnerDeletion`. */
function blocking(manager: string): Loose {
  const reference = { 'k:{"uid":"jwt-uid"}': { 'f:blockOwnerDeletion': {} } };
  return { manager, fieldsV1: { 'f:metadata': { 'f:ownerReferences': reference } } };
}

async function blame(
  sightings: readonly Sighting[],
  more: Partial<CaseFile> = {},
): Promise<readonly string[]> {
  const file = {
    name: 'a',
    sightings,
    keys: [{ from: 0, keyId: 'k1', publicKey: createPublicKey(key) }],
    specs: [spec],
    excuses: [],
    pauses: [],
    stalls: [],
    causes: 1,
    statuses: 0,
    foreign: new Set<string>(),
    ours: new Set(['1', '3', '4']),
    endedAt: (START + 100) * 1000,
    ...more,
  };
  return (await judge(file)).map(({ invariant, what }) => `${invariant} ${what}`);
}

describe('the judge of the fault suite', () => {
  it('finds nothing in a token that was signed, made Ready and renewed in time', async () => {
    const due = START + LIFETIME / 2;
    const sightings = [await seeSecret(1, START), ready(START), await seeSecret(3, due)];
    assert.deepEqual(await blame(sightings, { endedAt: (due + 100) * 1000 }), []);
  });

  it('finds a token that expired, and a Secret that was missing, unless there is an excuse (I1)', async () => {
    const signed = [await seeSecret(1, START), ready(START)];
    const late = { endedAt: (START + LIFETIME + 2) * 1000 };
    assert.equal((await blame(signed, late))[0], 'I1 a: no valid token for 2.0 s');
    const gone = [...signed, sighting('Secret', 5, START + 10, { metadata: {} }, true)];
    assert.deepEqual(await blame(gone), ['I1 a: no Secret for 90.0 s']);
    const excuses = [{ from: (START + 9) * 1000, until: (START + 40) * 1000 }];
    assert.deepEqual(await blame(gone, { excuses }), ['I1 a: no Secret for 60.0 s']);
  });

  it('finds no gap if the status was only reported before the Secret that it describes (I1)', async () => {
    const secret = await seeSecret(1, START);
    assert.deepEqual(await blame([ready(START - 5), secret]), []);
    const later = await seeSecret(3, START);
    assert.deepEqual(await blame([ready(START - 5), later]), ['I1 a: no Secret for 5.0 s']);
  });

  it('finds a wrong key, kid, claim, lifetime or annotation (I2)', async () => {
    const wishes: readonly (TokenWish & { readonly more?: Loose })[] = [
      { signer: makeKey('ES256') },
      { keyId: 'k2' },
      { claims: { sub: 'b' } },
      { claims: { exp: START + 2 * LIFETIME } },
      { more: { annotations: {} } },
    ];
    for (const wish of wishes) {
      const found = await blame([await seeSecret(1, START, wish)]);
      assert.equal(found.length, 1, JSON.stringify(wish.claims));
      assert.match(found[0] ?? '', /^I2 /);
    }
  });

  it('finds an expiry that decreases, unless the lifetime was shortened (I3)', async () => {
    const back = [await seeSecret(1, START), await seeSecret(3, START + 10, { signedAt: START - 5 })];
    assert.deepEqual(await blame(back, { causes: 2 }), ['I3 a: exp went back by 5 s']);
  });

  it('finds a write without a cause that is not scheduled, and one after the JWT was deleted (I4)', async () => {
    const twice = [await seeSecret(1, START), await seeSecret(3, START + 10)];
    assert.deepEqual(await blame(twice), ['I4 a: 2 writes for 1 causes']);
    assert.deepEqual(await blame(twice, { causes: 2 }), []);
    const leaving = sighting('JWT', 2, START + 1, { metadata: { deletionTimestamp: 'now' } });
    assert.deepEqual(await blame([leaving, await seeSecret(3, START + 10)]), [
      'I4 a: a write for a JWT that was deleted before',
    ]);
    const away = [{ from: (START + 2) * 1000, until: (START + 10) * 1000 }];
    const late = [leaving, await seeSecret(3, START + 10)];
    assert.deepEqual(await blame(late, { pauses: away, stalls: away }), []);
    assert.equal((await blame(late, { pauses: away })).length, 1, 'a leader that was away writes nothing');
  });

  it('does not count the suite’s own writes as writes of the service (I4)', async () => {
    const sightings = [await seeSecret(1, START), await seeSecret(7, START + 10)];
    assert.deepEqual(await blame(sightings, { foreign: new Set(['7']) }), []);
  });

  it('finds a status beside the first one of a token, unless the fault gives reason for it (I4)', async () => {
    const say = (version: number, tokenId: string, reason: string): Sighting => {
      const status = {
        tokenId,
        conditions: [{ type: 'Ready', status: 'True', reason, message: 'with a token' }],
      };
      return sighting('JWT', version, START + version, { ...READY, status });
    };
    const first = [await seeSecret(1, START), say(2, 'a', 'Signed')];
    const renewed = [...first, await seeSecret(3, START + 3), say(5, 'b', 'Signed')];
    assert.deepEqual(await blame(renewed, { causes: 2 }), []);
    const twice = [...first, say(5, 'a', 'WriteFailed'), say(6, 'a', 'Signed')];
    assert.deepEqual(await blame(twice, { statuses: 1 }), [
      'I4 a: 2 statuses beside the first one of each token, allowed are 1: Ready=True WriteFailed | Ready=True Signed',
    ]);
    assert.deepEqual(await blame(twice, { statuses: 2 }), []);
    assert.deepEqual(await blame(twice, { foreign: new Set(['5', '6']) }), []);
    const again = [...renewed, say(6, 'a', 'Signed')];
    assert.equal((await blame(again, { causes: 2 })).length, 1);
    const labelled = sighting('JWT', 5, START + 5, {
      ...say(2, 'a', 'Signed').object,
      metadata: { ...READY.metadata, labels: {} },
    });
    assert.deepEqual(await blame([...first, labelled]), []);
  });

  it('lets the first status of a JWT say that its key is missing: the service may see it later (I4)', async () => {
    const conditions = [{ type: 'KeyAvailable', status: 'False', reason: 'KeyNotFound' }];
    const say = (version: number, status: Loose): Sighting =>
      sighting('JWT', version, START, { ...READY, status });
    const unseen = say(0, { conditions });
    const signed = [await seeSecret(1, START), ready(START)];
    assert.deepEqual(await blame([unseen, ...signed]), []);
    const complaint = /^I4 a: 1 statuses .* are 0: KeyAvailable=False KeyNotFound$/;
    for (const seen of [
      [unseen, say(0, { conditions, observedGeneration: 1 }), ...signed],
      [...signed, say(5, { ...READY.status, conditions: [...READY.status.conditions, ...conditions] })],
    ]) {
      const [found = ''] = await blame(seen);
      assert.match(found.replace('Ready=True undefined, ', ''), complaint);
    }
  });

  it('finds a renewal that is much too late (recovery)', async () => {
    const due = START + LIFETIME / 2;
    const sightings = [await seeSecret(1, START), ready(START), await seeSecret(3, due + 60)];
    assert.deepEqual(await blame(sightings, { endedAt: (due + 100) * 1000 }), [
      'recovery a: renewed 60.0 s late, allowed are 5.0 s (nothing could be written for 0.0 s)',
    ]);
  });

  it('finds a write of the service into a Secret that the suite made (I5)', async () => {
    const of = (uid: string) => ({ more: { uid } });
    const seen = [await seeSecret(1, START, of('own')), await seeSecret(7, START + 10, of('another'))];
    const trespass = await seeSecret(3, START + 20, of('another'));
    const [foreign, causes] = [new Set(['7']), 2];
    assert.deepEqual(await blame([...seen, trespass], { foreign, causes }), [
      'I5 a: the service wrote into a Secret that another user created',
    ]);
    const successor = await seeSecret(3, START + 20, of('next'));
    assert.deepEqual(await blame([...seen, successor], { foreign, causes }), []);
  });

  it('leaves blockOwnerDeletion to the user who set it', async () => {
    const touched = await seeSecret(7, START + 10, {
      signedAt: START,
      more: { managedFields: [blocking('kubectl')] },
    });
    const seen = [await seeSecret(1, START), ready(START), touched];
    assert.deepEqual(await blame(seen, { foreign: new Set(['7']) }), []);
  });

  it('finds a Secret that is not as documented at the end, while its JWT is Ready', async () => {
    const wishes: readonly [TokenWish & { readonly more?: Loose }, RegExp][] = [
      [{ more: { labels: {} } }, /^recovery a: it is Ready, but its Secret is not as documented$/],
      [{ more: { ownerReferences: undefined } }, /not as documented$/],
      [{ more: { managedFields: [blocking('jwt-injector')] } }, /not as documented$/],
      [{ signer: makeKey('ES256') }, /not as documented: the signature is not of the key/],
    ];
    for (const [wish, complaint] of wishes) {
      const harmed = [await seeSecret(1, START), ready(START), await seeSecret(7, START + 10, wish)];
      const found = await blame(harmed, { foreign: new Set(['7']) });
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.match(found[0] ?? '', complaint);
      const repaired = [...harmed, await seeSecret(3, START + 20)];
      assert.deepEqual(await blame(repaired, { foreign: new Set(['7']), causes: 2 }), []);
    }
  });

  it('finds data, labels, annotations and finalizers of others that a write removed (I5)', async () => {
    const others = {
      data: { note: 'bWluZQ==' },
      labels: { ...LABELS, team: 'a' },
      finalizers: ['example.org/wait'],
    };
    const found = await blame([await seeSecret(1, START, { more: others }), await seeSecret(3, START + 10)], {
      causes: 2,
    });
    assert.deepEqual(
      found.map((each) => each.replace(/.*changed /, '')),
      ['data of others', 'labels of others', 'finalizers of others'],
    );
  });
});
