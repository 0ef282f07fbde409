import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readMissing, observe, parseTokenSecret, type Known, type Observer } from '../../src/loop/observe.ts';
import { recordConditions } from '../../src/reconcile/conditions.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { ALLOWED_NAMESPACES, MANAGED_LABEL } from '../../src/resources/names.ts';
import { buildClaims } from '../../src/signing/claims.ts';
import { signToken } from '../../src/signing/token.ts';
import { makeJwt, makeSpec } from '../fixtures/jwts.ts';
import { makeKey, NRP_KEY, toPem } from '../fixtures/keys.ts';
import { NOW, readKey, settledJwt } from '../fixtures/observed.ts';
import { KEY_SECRET, makeSources, WITH_KEY, wireSecret } from './model/sources.ts';

const jwt = makeJwt(WITH_KEY);
const managed = { labels: { [MANAGED_LABEL]: 'true' } };

async function readKeyOf(observer: Observer, of: Jwt = jwt) {
  const observed = await observe(observer, of, {}, NOW);
  return (await readMissing(observer, observed, 'key', {})).key;
}

describe('observing', () => {
  it('reads nothing over the network', async () => {
    const { observer, reads } = makeSources([KEY_SECRET, wireSecret('my-jwt', { token: 'x' }, managed)]);
    const observed = await observe(observer, jwt, {}, NOW);
    assert.deepEqual(observed.key, { state: 'unread', version: 'uid-k/5/key.pem' });
    assert.deepEqual(observed.secret?.token, { state: 'faulty', cause: 'TokenUnreadable' });
    assert.deepEqual(reads, []);
  });

  it('knows only the metadata of a Secret without our label', async () => {
    const { observer } = makeSources([wireSecret('my-jwt', { token: 'x' })]);
    const { secret } = await observe(observer, jwt, {}, NOW);
    assert.deepEqual(secret?.token, { state: 'unread' });
  });

  it('prefers objects that were read in this round to those in the caches', async () => {
    const { observer } = makeSources([wireSecret('my-jwt', { token: 'x' }, managed)]);
    const observed = await observe(observer, jwt, { secret: 'absent' }, NOW);
    assert.equal(observed.secret, undefined);
    assert.equal(observed.isAbsenceConfirmed, true);
  });

  it('also finds a key Secret with our label, and uses the JWT’s generation as the version of an inline key', async () => {
    const { metadata } = KEY_SECRET;
    const labelled = makeSources([{ ...KEY_SECRET, metadata: { ...(metadata as object), ...managed } }]);
    assert.equal((await observe(labelled.observer, jwt, {}, NOW)).key.state, 'unread');
    const inline = await observe(labelled.observer, makeJwt(), {}, NOW);
    assert.deepEqual(inline.key, { state: 'unread', version: `${jwt.uid}/1` });
  });

  it('knows that the key is in the Secret of the token, also if the spec cannot be served', async () => {
    const key = { secret: { name: 'my-jwt', key: 'token' } };
    const { observer } = makeSources([wireSecret('my-jwt', { token: 'x' })]);
    for (const spec of [{ key }, { key, expiryTime: { days: 0 } }])
      assert.equal((await observe(observer, makeJwt(spec), {}, NOW)).isKeyInOwnSecret, true);
    assert.equal((await observe(observer, jwt, {}, NOW)).isKeyInOwnSecret, false);
  });

  it('has no key if the spec cannot be served', async () => {
    const { key } = await observe(makeSources([]).observer, makeJwt({ key: {} }), {}, NOW);
    assert.ok(key.state === 'unavailable' && key.problem.reason === 'KeyUnreadable');
  });
});

describe('a token whose text was dropped before its key was known', () => {
  it('is read again once, and then counts as checked', async () => {
    const key = await readKey();
    const [settled, spec] = [await settledJwt(WITH_KEY), makeSpec(WITH_KEY)];
    const claims = buildClaims(spec, NOW, 'the-jti');
    assert.ok(claims.ok);
    const own = wireSecret('my-jwt', { token: await signToken(key, spec.keyId, claims.value) }, managed);
    const { observer, reads } = makeSources([KEY_SECRET, own]);
    const cached = observer.sources.tokenSecret('science', 'my-jwt')?.evidence;
    assert.ok(cached);
    cached.unchecked = undefined;
    const observed = await observe(observer, settled, {}, NOW);
    assert.deepEqual(observed.secret?.token, { state: 'unread' });
    const known = await readMissing(observer, observed, 'token', {});
    for (const more of [known, {}]) {
      const { secret } = await observe(observer, settled, more, NOW);
      assert.ok(secret?.token.state === 'valid' && secret.token.signature === 'verified');
    }
    assert.deepEqual(reads, ['science/my-jwt']);
  });
});

describe('a token that is proved by the status', async () => {
  const forger = await readKey(toPem(makeKey('ES256')));
  const claims = buildClaims(makeSpec(WITH_KEY), NOW, 'the-jti');
  assert.ok(claims.ok);
  const forged = wireSecret(
    'my-jwt',
    { token: await signToken(forger, 'my-jwt-key', claims.value) },
    managed,
  );
  const { recorded, ...settled } = await settledJwt(WITH_KEY);
  const isReady = (status: 'True' | 'False') =>
    recordConditions([{ type: 'Ready', status, reason: 'Signed', message: '' }], recorded, 1, NOW);
  const vouched: Jwt = {
    ...settled,
    recorded: { ...recorded, keyVersion: 'uid-k/5/key.pem', conditions: isReady('True') },
  };
  const judge = async (of: Jwt, known: Known = {}, isCheckedSoon?: Observer['isCheckedSoon']) => {
    const { observer } = makeSources([KEY_SECRET, forged]);
    const { secret } = await observe(
      isCheckedSoon === undefined ? observer : { ...observer, isCheckedSoon },
      of,
      known,
      NOW,
    );
    return secret?.token;
  };
  const soon = (namespace: string, name: string): boolean => namespace === 'science' && name === 'my-jwt';
  const refused = { state: 'faulty', cause: 'SignatureInvalid' };

  it('counts as checked if a check is planned', async () => {
    const token = await judge(vouched, {}, soon);
    assert.ok(token?.state === 'valid' && token.signature === 'verified');
  });

  it('is checked at once if no check is planned', async () => {
    assert.deepEqual(await judge(vouched), refused);
    assert.deepEqual(await judge(vouched, {}, () => false), refused);
    const known = { secret: parseTokenSecret(forged) };
    assert.deepEqual(await judge(vouched, known, soon), refused);
  });

  it('is checked at once if the status is about another token, key or state', async () => {
    for (const more of [
      { tokenId: 'another' },
      { tokenId: undefined },
      { keyVersion: 'uid-k/4/key.pem' },
      { conditions: isReady('False') },
      { conditions: [] },
    ])
      assert.deepEqual(
        await judge({ ...vouched, recorded: { ...vouched.recorded, ...more } }, {}, soon),
        refused,
        JSON.stringify(more),
      );
  });
});

describe('a read of objects that are not in the caches', () => {
  it('reads the key of a Secret once', async () => {
    const { observer, reads } = makeSources([KEY_SECRET]);
    assert.equal((await readKeyOf(observer))?.state, 'read');
    assert.equal((await readKeyOf(observer))?.state, 'read');
    assert.deepEqual(reads, ['science/k']);
  });

  const problems: readonly (readonly [string, string, RegExp, ReturnType<typeof makeSources>])[] = [
    ['a key that is gone by now', 'KeyNotFound', /does not exist/, makeSources([KEY_SECRET], [])],
    [
      'another data key',
      'KeyNotFound',
      /no data key "key\.pem"/,
      makeSources([wireSecret('k', { other: 'x' })]),
    ],
    [
      'what is not a key, and where it is',
      'KeyUnreadable',
      /^Secret science\/k, data key "key\.pem": no PEM block/,
      makeSources([wireSecret('k', { 'key.pem': 'junk' })]),
    ],
  ];
  for (const [name, reason, says, { observer }] of problems) {
    it(`reports ${name}`, async () => {
      const key = await readKeyOf(observer);
      assert.ok(key?.state === 'unavailable');
      assert.equal(key.problem.reason, reason);
      assert.match(key.problem.message, says);
      assert.ok(!key.problem.message.includes('junk'));
    });
  }

  it('refuses a grant that was removed since it was cached', async () => {
    const place = { namespace: 'vault', resourceVersion: '5' };
    const granted = wireSecret(
      'k',
      { 'key.pem': 'x' },
      { ...place, annotations: { [ALLOWED_NAMESPACES]: '*' } },
    );
    const { observer } = makeSources([granted], [wireSecret('k', { 'key.pem': 'x' }, place)]);
    const key = await readKeyOf(
      observer,
      makeJwt({ key: { secret: { name: 'k', key: 'key.pem', namespace: 'vault' } } }),
    );
    assert.ok(key?.state === 'unavailable' && key.problem.reason === 'KeyNotGranted');
  });

  describe('a key that JWTs of several namespaces share', () => {
    const shared = { namespace: 'vault', annotations: { [ALLOWED_NAMESPACES]: 'science, other' } };
    const seen = wireSecret('k', { 'key.pem': NRP_KEY }, { ...shared, resourceVersion: '5' });
    const revoked = { ...shared, annotations: { [ALLOWED_NAMESPACES]: 'science' }, resourceVersion: '6' };
    const spec = { key: { secret: { name: 'k', key: 'key.pem', namespace: 'vault' } } };
    const granted = makeJwt(spec);
    const notGranted = makeJwt(spec, { metadata: { namespace: 'other', uid: 'other' } });

    it('is given to each by its own grant, in the object from which the key was read', async () => {
      // The watch is late: it still shows the grant that the object does not have any more.
      const stored = [wireSecret('k', { 'key.pem': NRP_KEY }, revoked)];
      for (const order of [
        [granted, notGranted],
        [notGranted, granted],
      ]) {
        const { observer } = makeSources([seen], stored);
        const keys = new Map<Jwt, Awaited<ReturnType<typeof readKeyOf>>>();
        await Promise.all(order.map(async (each) => keys.set(each, await readKeyOf(observer, each))));
        for (const each of order) keys.set(each, await readKeyOf(observer, each));
        const refused = keys.get(notGranted);
        assert.ok(refused?.state === 'unavailable' && refused.problem.reason === 'KeyNotGranted');
        const used = keys.get(granted);
        assert.ok(used?.state === 'read' && used.version === 'uid-k/6/key.pem');
      }
    });

    it('is only reported to JWTs that are allowed to use it', async () => {
      const broken = [wireSecret('k', { 'key.pem': 'junk' }, revoked)];
      const { observer } = makeSources([seen], broken);
      const [used, refused] = await Promise.all([
        readKeyOf(observer, granted),
        readKeyOf(observer, notGranted),
      ]);
      assert.ok(used?.state === 'unavailable' && used.problem.reason === 'KeyUnreadable');
      assert.ok(refused?.state === 'unavailable' && refused.problem.reason === 'KeyNotGranted');
    });
  });

  it('forgets the key of an older spec after the JWT was read again', async () => {
    const newer = makeJwt({ ...WITH_KEY, keyId: 'next' }, { metadata: { generation: 2 } });
    for (const [stored, isKept] of [
      [newer, false],
      [jwt, true],
    ] as const) {
      const { observer } = makeSources([KEY_SECRET], [KEY_SECRET], [stored]);
      const observed = await observe(observer, jwt, {}, NOW);
      const withKey = await readMissing(observer, observed, 'key', {});
      assert.equal(withKey.key?.state, 'read');
      const known = await readMissing(observer, observed, 'jwt', withKey);
      assert.equal(known.jwt, stored);
      assert.equal(known.key !== undefined, isKept);
    }
  });

  it('reads the Secret itself if the token is requested', async () => {
    const { observer } = makeSources([], [wireSecret('my-jwt', { token: 'x' })]);
    const observed = await observe(observer, jwt, {}, NOW);
    const known = await readMissing(observer, observed, 'token', {});
    assert.equal((await observe(observer, jwt, known, NOW)).secret?.token.state, 'faulty');
    const { observer: empty } = makeSources([]);
    assert.deepEqual(await readMissing(empty, observed, 'token', {}), { secret: 'absent' });
  });
});
