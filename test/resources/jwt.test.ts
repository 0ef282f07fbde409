import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwt, parseJwtSpec, type JwtSpec } from '../../src/resources/jwt.ts';
import { makeJwt, makeSpec, wireJwt } from '../fixtures/jwts.ts';

const secretKey = (secret: object): Record<string, unknown> => ({ key: { secret } });

describe('a JWT', () => {
  it('is read with its metadata; what is not there is empty', () => {
    const status = { renewals: 2 };
    const metadata = { finalizers: ['a', 7], labels: { team: 'x', odd: 7 }, generation: 5 };
    const jwt = makeJwt({}, { metadata, status });
    assert.deepEqual(
      [jwt.namespace, jwt.name, jwt.generation, jwt.deleting],
      ['science', 'my-jwt', 5, false],
    );
    assert.deepEqual(
      [jwt.finalizers, jwt.labels, jwt.annotations, jwt.status],
      [['a'], { team: 'x' }, {}, status],
    );
    assert.ok(makeJwt({}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }).deleting);
  });

  it('needs kind and name', () => {
    for (const object of [
      { ...wireJwt(), kind: 'Secret' },
      wireJwt({}, { metadata: { name: undefined } }),
      null,
      'x',
    ])
      assert.ok(!parseJwt(object).ok);
  });

  it('keeps of its annotations ours alone', () => {
    const annotations = {
      'tokens.osg-htc.org/renew': '2',
      'kopf.zalando.org/last-handled-configuration': 'a private key',
      'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(262_144),
    };
    assert.deepEqual(makeJwt({}, { metadata: { annotations } }).annotations, {
      'tokens.osg-htc.org/renew': '2',
    });
  });

  it('that was stored with more than anyone needs is kept without it, as its problem', () => {
    const large = 'x'.repeat(700_000);
    const labels = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`label-${index}`, 'x'.repeat(63)]),
    );
    const stored = [
      makeJwt({ data: { note: large } }),
      makeJwt({ key: { value: large } }),
      makeJwt({ key: { secret: { name: large, key: 'a' } } }),
      makeJwt({ issuer: large }),
      makeJwt({ keyId: large }),
      makeJwt({ secretTemplate: { annotations: { a: large } } }),
      makeJwt({
        secretTemplate: { labels: Object.fromEntries(Object.keys(labels).map((name) => [name, ''])) },
      }),
      makeJwt(
        {},
        { metadata: { labels: Object.fromEntries(Object.keys(labels).map((name) => [name, ''])) } },
      ),
      makeJwt({}, { metadata: { labels } }),
      makeJwt({}, { metadata: { finalizers: [large] } }),
    ];
    for (const jwt of stored) {
      assert.ok(!jwt.spec.ok);
      assert.match(jwt.spec.problem.message, /more than|at most/);
      assert.ok(JSON.stringify(jwt).length < 1_000);
    }
  });

  it('of annotations keeps no more than counts, however long and many they are', () => {
    const annotations = {
      'tokens.osg-htc.org/renew': `2${'x'.repeat(200_000)}`,
      'tokens.osg-htc.org/whatever': 'x'.repeat(200_000),
      ...Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`kopf.zalando.org/${index}`, ''])),
    };
    const kept = makeJwt({}, { metadata: { annotations } }).annotations;
    assert.equal(kept['tokens.osg-htc.org/renew']?.length, 1_024);
    assert.ok(JSON.stringify(kept).length < 2_000);
  });

  it('with a spec that cannot be served is kept, with the problem', () => {
    const jwt = makeJwt({ algorithm: 'HS256' });
    assert.ok(!jwt.spec.ok && jwt.spec.problem.reason === 'ClaimsInvalid');
    assert.equal(jwt.name, 'my-jwt');
  });
});

describe('the spec of a JWT', () => {
  const read: readonly (readonly [string, Record<string, unknown>, Partial<JwtSpec>])[] = [
    ['keeps the issuer byte for byte', { issuer: 'https://x/ ' }, { issuer: 'https://x/ ' }],
    ['sums units', { expiryTime: { days: 1, minutes: 1 } }, { lifetime: 86_460 }],
    [
      'keeps claims as they are',
      { data: { exp: 1, a: { b: [null] } } },
      { data: { exp: 1, a: { b: [null] } } },
    ],
    ['retains when asked to', { deletionPolicy: 'Retain' }, { deletionPolicy: 'Retain' }],
    ['deletes unless asked not to', {}, { deletionPolicy: 'Delete' }],
    [
      'reads a key Secret',
      secretKey({ name: 'k', key: 'p' }),
      { key: { from: 'secret', name: 'k', key: 'p' } },
    ],
    [
      'reads a key Secret of another namespace',
      secretKey({ name: 'k', key: 'p', namespace: 'n' }),
      { key: { from: 'secret', name: 'k', key: 'p', namespace: 'n' } },
    ],
    [
      'takes an empty namespace as none',
      secretKey({ name: 'k', key: 'p', namespace: '' }),
      { key: { from: 'secret', name: 'k', key: 'p' } },
    ],
    [
      'ignores a source that is null',
      { key: { value: 'pem', secret: null } },
      { key: { from: 'value', text: 'pem' } },
    ],
    ['has an empty template unless one is given', {}, { secretTemplate: { labels: {}, annotations: {} } }],
  ];
  for (const [name, spec, expected] of read) {
    it(name, () => {
      const parsed = makeSpec(spec);
      for (const [member, value] of Object.entries(expected))
        assert.deepEqual(parsed[member as keyof JwtSpec], value);
    });
  }

  it('has 64 claims and 64 KiB of them at most', () => {
    const claims = Array.from({ length: 64 }, (_, index) => [`claim${index}`, index] as const);
    assert.equal(Object.keys(makeSpec({ data: Object.fromEntries(claims) }).data).length, 64);
    assert.ok(makeSpec({ data: { note: 'x'.repeat(65_536 - '{"note":""}'.length) } }));
  });

  it('has no resignBefore when that is absent, null or zero', () => {
    for (const resignBefore of [undefined, null, { minutes: 0 }])
      assert.ok(!('resignBefore' in makeSpec({ resignBefore })));
    assert.equal(makeSpec({ resignBefore: { hours: 5 } }).resignBefore, 18_000);
  });

  const refused: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
    ['no issuer', { issuer: '' }, 'ClaimsInvalid', /spec\.issuer must be set/],
    ['no keyId', { keyId: undefined }, 'ClaimsInvalid', /spec\.keyId must be set/],
    ['an algorithm that is none', { algorithm: 'none' }, 'ClaimsInvalid', /ES256/],
    ['an inherited name as algorithm', { algorithm: 'constructor' }, 'ClaimsInvalid', /spec\.algorithm/],
    ['claims that are no object', { data: ['a'] }, 'ClaimsInvalid', /spec\.data must be an object/],
    [
      'more claims than anyone needs',
      { data: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`claim${index}`, index])) },
      'ClaimsInvalid',
      /spec\.data has 65 properties: at most 64/,
    ],
    [
      'claims beyond 64 KiB as JSON',
      { data: { note: 'é'.repeat(32_768) } },
      'ClaimsInvalid',
      /spec\.data takes 65547 bytes as JSON: at most 65536/,
    ],
    ['no lifetime', { expiryTime: undefined }, 'ClaimsInvalid', /spec\.expiryTime/],
    ['a lifetime of zero', { expiryTime: { days: 0 } }, 'ClaimsInvalid', /zero.*set days, hours or minutes/],
    ['a negative resignBefore', { resignBefore: { days: -1 } }, 'ClaimsInvalid', /spec\.resignBefore\.days/],
    ['no key', { key: undefined }, 'KeyUnreadable', /spec\.key is missing/],
    [
      'two keys',
      { key: { value: 'x', secret: { name: 'a', key: 'b' } } },
      'KeyUnreadable',
      /value and secret/,
    ],
    ['a blank key', { key: { value: ' \n' } }, 'KeyUnreadable', /PEM or JWK text/],
    [
      'a key in a ConfigMap',
      { key: { configMap: { name: 'k', key: 'k' } } },
      'KeyUnreadable',
      /kubectl create secret/,
    ],
    ['a key Secret without name', secretKey({ key: 'p' }), 'KeyUnreadable', /secret\.name/],
    ['a key Secret without data key', secretKey({ name: 'k' }), 'KeyUnreadable', /secret\.key/],
    [
      'a label of ours in the template',
      { secretTemplate: { labels: { 'tokens.osg-htc.org/managed': 'x' } } },
      'ClaimsInvalid',
      /tokens\.osg-htc\.org\/managed/,
    ],
    [
      'an annotation of ours in the template',
      { secretTemplate: { annotations: { 'tokens.osg-htc.org/adopt': 'x' } } },
      'ClaimsInvalid',
      /are ours/,
    ],
    ['another deletionPolicy', { deletionPolicy: 'Orphan' }, 'ClaimsInvalid', /Delete or Retain/],
  ];
  for (const [name, spec, reason, says] of refused) {
    it(`is refused for ${name}`, () => {
      const parsed = parseJwtSpec(wireJwt(spec).spec);
      assert.ok(!parsed.ok);
      assert.equal(parsed.problem.reason, reason);
      assert.match(parsed.problem.message, says);
    });
  }
});
