import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimsOf, keySourceOf, parseJwt, parseJwtSpec, type JwtSpec } from '../../src/resources/jwt.ts';
import { makeJwt, makeSpec, NO_STATUS, wireJwt } from '../fixtures/jwts.ts';

const secretKey = (secret: object): Record<string, unknown> => ({ key: { secret } });

describe('a JWT', () => {
  it('is read with its metadata; missing members are empty', () => {
    const status = { renewals: 2 };
    const metadata = { finalizers: ['a', 7], labels: { team: 'x', odd: 7 }, generation: 5 };
    const jwt = makeJwt({}, { metadata, status });
    assert.deepEqual(
      [jwt.namespace, jwt.name, jwt.generation, jwt.isDeleting],
      ['science', 'my-jwt', 5, false],
    );
    assert.deepEqual(
      [jwt.finalizers, jwt.labels, jwt.annotations, jwt.recorded],
      [['a'], { team: 'x' }, {}, { ...NO_STATUS, renewals: 2 }],
    );
    assert.deepEqual(
      [jwt.uid, jwt.resourceVersion, jwt.deletedAt],
      ['5a0e6d1c-0000-4000-8000-000000000001', '7', undefined],
    );
  });

  it('is read from a file: members that only the API server sets are empty', () => {
    const { spec } = wireJwt();
    const jwt = parseJwt({ kind: 'JWT', metadata: { name: 'my-jwt' }, spec });
    assert.ok(jwt.ok && jwt.value.spec.ok);
    const { namespace, uid, resourceVersion, generation, labels, finalizers, recorded } = jwt.value;
    assert.deepEqual(
      { namespace, uid, resourceVersion, generation, labels, finalizers, recorded },
      {
        namespace: '',
        uid: '',
        resourceVersion: '',
        generation: 0,
        labels: {},
        finalizers: [],
        recorded: NO_STATUS,
      },
    );
  });

  it('that is being deleted has the time of its deletion, in seconds', () => {
    const { isDeleting, deletedAt } = makeJwt(
      {},
      { metadata: { deletionTimestamp: '2027-01-15T08:00:00Z' } },
    );
    assert.deepEqual([isDeleting, deletedAt], [true, 1_800_000_000]);
  });

  const NO_JWT = 'not a JWT: kind must be JWT';
  const NO_NAME = 'a JWT without a name: set metadata.name';
  const others: readonly (readonly [unknown, string])[] = [
    [{ ...wireJwt(), kind: 'Secret' }, NO_JWT],
    [null, NO_JWT],
    ['JWT', NO_JWT],
    [wireJwt({}, { metadata: { name: undefined } }), NO_NAME],
    [wireJwt({}, { metadata: { name: 7 } }), NO_NAME],
    [{ kind: 'JWT' }, NO_NAME],
  ];
  for (const [object, problem] of others) {
    it(`needs kind and name: ${problem}`, () => {
      assert.deepEqual(parseJwt(object), { ok: false, problem });
    });
  }

  it('only keeps our annotations', () => {
    const annotations = {
      'tokens.osg-htc.org/renew': '2',
      'kopf.zalando.org/last-handled-configuration': 'a private key',
      'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(262_144),
    };
    assert.deepEqual(makeJwt({}, { metadata: { annotations } }).annotations, {
      'tokens.osg-htc.org/renew': '2',
    });
  });

  it('with a spec that cannot be served is kept, with the problem', () => {
    const jwt = makeJwt({ algorithm: 'HS256' });
    assert.ok(!jwt.spec.ok && jwt.spec.problem.reason === 'ClaimsInvalid');
    assert.equal(jwt.name, 'my-jwt');
  });

  it('with a spec that cannot be served keeps the place of its key, if that is a Secret', () => {
    const secret = { name: 'k', key: 'key.pem' };
    const place = { from: 'secret', ...secret };
    assert.deepEqual(keySourceOf(makeJwt({ algorithm: 'HS256', key: { secret } })), place);
    assert.deepEqual(keySourceOf(makeJwt({ key: { secret } })), place);
    for (const key of [{ value: 'x' }, { secret: {} }, undefined])
      assert.equal(keySourceOf(makeJwt({ algorithm: 'HS256', key })), undefined);
  });
});

describe('whether the Secret of a JWT is retained', () => {
  for (const [policy, expected] of [
    ['Retain', true],
    ['Delete', false],
    [null, false],
    [undefined, false],
  ] as const)
    it(`depends on its policy ${policy}, in a spec that cannot be served as well`, () => {
      for (const more of [{}, { expiryTime: {} }, { data: 7 }])
        assert.equal(makeJwt({ deletionPolicy: policy, ...more }).isRetained, expected);
    });

  it('is not asked for by a JWT without a spec', () => {
    const { spec: _none, ...empty } = wireJwt();
    const parsed = parseJwt(empty);
    assert.ok(parsed.ok && !parsed.value.isRetained);
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
    [
      'keeps labels and annotations of a template, without those of null, as the API server does',
      { secretTemplate: { labels: { a: '1', b: null }, annotations: { c: '2' } } },
      { secretTemplate: { labels: { a: '1' }, annotations: { c: '2' } } },
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

  it('may have either deletionPolicy, which changes nothing else', () => {
    for (const deletionPolicy of ['Delete', 'Retain'])
      assert.deepEqual(makeSpec({ deletionPolicy }), makeSpec());
  });

  it('is missing if there is none', () => {
    for (const spec of [undefined, null, 'text', []])
      assert.deepEqual(parseJwtSpec(spec), {
        ok: false,
        problem: { reason: 'ClaimsInvalid', message: 'spec is missing' },
      });
  });

  it('has no resignBefore if that is absent, null, zero or without a known unit', () => {
    for (const resignBefore of [undefined, null, { minutes: 0 }, {}, { weeks: 1 }])
      assert.ok(!('resignBefore' in makeSpec({ resignBefore })));
    assert.equal(makeSpec({ resignBefore: { hours: 5 } }).resignBefore, 18_000);
  });

  /** The message of the CRD's rule. */
  const NO_LIFETIME =
    /^spec\.expiryTime must be longer than zero: set at least one of days, hours and minutes$/;
  const refused: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
    ['no issuer', { issuer: '' }, 'ClaimsInvalid', /^spec\.issuer must be set: the claim "iss"$/],
    ['an issuer that is not text', { issuer: 7 }, 'ClaimsInvalid', /spec\.issuer/],
    ['a keyId that is empty', { keyId: '' }, 'ClaimsInvalid', /spec\.keyId/],
    ['no keyId', { keyId: undefined }, 'ClaimsInvalid', /^spec\.keyId must be set: the header "kid"$/],
    ['the algorithm none', { algorithm: 'none' }, 'ClaimsInvalid', /ES256/],
    ['an inherited name as algorithm', { algorithm: 'constructor' }, 'ClaimsInvalid', /spec\.algorithm/],
    ['claims that are not an object', { data: ['a'] }, 'ClaimsInvalid', /spec\.data must be an object/],
    ['no lifetime', { expiryTime: undefined }, 'ClaimsInvalid', /spec\.expiryTime/],
    ['a lifetime of zero', { expiryTime: { days: 0 } }, 'ClaimsInvalid', NO_LIFETIME],
    ['a lifetime without units', { expiryTime: {} }, 'ClaimsInvalid', NO_LIFETIME],
    ['a lifetime in other units', { expiryTime: { weeks: 1 } }, 'ClaimsInvalid', NO_LIFETIME],
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
      /^spec\.secretTemplate must not set tokens\.osg-htc\.org\/adopt: keys that start with tokens\.osg-htc\.org\/ are set by jwt-injector$/,
    ],
    [
      'a label in the template that is a boolean',
      { secretTemplate: { labels: { team: true } } },
      'ClaimsInvalid',
      /^spec\.secretTemplate\.labels: the value of team must be a string: put it in quotes$/,
    ],
    [
      'an annotation in the template that is a number',
      { secretTemplate: { annotations: { 'example.com/tier': 1 } } },
      'ClaimsInvalid',
      /^spec\.secretTemplate\.annotations: the value of example\.com\/tier must be a string: put it in quotes$/,
    ],
    [
      'a label in the template that is an object, under a long name',
      { secretTemplate: { labels: { ['x'.repeat(100_000)]: {} } } },
      'ClaimsInvalid',
      /^spec\.secretTemplate\.labels: the value of x{317} must be a string/,
    ],
    [
      'labels in the template that are a list',
      { secretTemplate: { labels: ['team'] } },
      'ClaimsInvalid',
      /^spec\.secretTemplate\.labels must be an object whose values are strings$/,
    ],
    [
      'a template that is a text',
      { secretTemplate: 'team' },
      'ClaimsInvalid',
      /^spec\.secretTemplate must be an object with labels or annotations$/,
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

it('the claims of a spec are the same, packed or not', () => {
  const data = { sub: 'me', aud: ['a'] };
  assert.deepEqual(claimsOf({ data }), data);
  assert.deepEqual(claimsOf({ data: JSON.stringify(data) }), data);
});
