import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdmissionAnswer } from '../../src/resources/admission-review.ts';
import { ADMISSION_DECISIONS, ADMISSION_REASONS, STATE_REASONS } from '../../src/resources/reasons.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { GOOD_DATA, SECRET } from '../signing/lint/specs.ts';
import { RUNS } from './generated-pods.ts';
import { answerTo, assertUntouched, requestOf } from './jwt-reviews.ts';

const BAD_KEY = { key: { value: 'hello' } };

const create = (spec: Record<string, unknown> = {}) => answerTo(requestOf(wireJwt(spec)));

const update = (object: unknown, oldObject: unknown): Promise<AdmissionAnswer> =>
  answerTo(requestOf(object, { operation: 'UPDATE', oldObject }));

describe('a new JWT', () => {
  it('without a mistake is allowed without a warning', async () =>
    assertUntouched(await create({ key: SECRET })));

  it('of the NRP page is allowed, with a warning about its key', async () => {
    const { warnings, ...rest } = await create();
    assertUntouched({ ...rest, warnings: [] });
    assert.deepEqual(warnings, [
      'spec.key.value shows the private key to all who may read JWTs: move it into a Secret, see spec.key.secret',
    ]);
  });

  it('gets only the three most useful warnings', async () => {
    const { allowed, warnings } = await create({ data: { scope: 'storage.write:/' }, algorithm: 'ES256' });
    assert.ok(allowed);
    assert.deepEqual(
      warnings.map((warning) => warning.split(/[ :[]/, 1)[0]),
      ['spec.key.value', 'spec.data', 'spec.data.aud'],
    );
  });

  it('that can never work is refused with the reason of its condition, and still gets its warnings', async () => {
    const answer = await create(BAD_KEY);
    assert.deepEqual([answer.allowed, answer.decision, answer.reason], [false, 'deny', 'KeyUnreadable']);
    assert.match(answer.message, /^spec\.key\.value: no PEM block and no JWK found/);
    assert.equal(answer.warnings.length, 1);
  });

  it('takes a turn only to check a key that is in it; without one, all but the key is checked', async () => {
    const noTurn = { takeTurn: () => Promise.resolve(undefined) };
    assert.ok((await answerTo(requestOf(wireJwt(BAD_KEY)), noTurn)).allowed);
    assert.equal((await answerTo(requestOf(wireJwt({ ...BAD_KEY, keyId: '' })), noTurn)).allowed, false);
    const takeTurn = (): Promise<never> => assert.fail('there is no key to check');
    assertUntouched(await answerTo(requestOf(wireJwt({ key: SECRET })), { takeTurn }));
  });

  it('that is renewed later than it expires is refused, and allowed if it exists already', async () => {
    for (const key of [{ value: NRP_KEY }, SECRET]) {
      const spec = { key, expiryTime: { hours: 1 }, resignBefore: { hours: 1 } };
      const { allowed, reason } = await create(spec);
      assert.deepEqual([allowed, reason], [false, 'RenewalClamped']);
      assert.ok((await update(wireJwt(spec), wireJwt())).allowed);
    }
  });

  it('whose key would be in the Secret of its token is refused, in whichever field its namespace is given', async () => {
    const keyIn = (namespace?: string) => ({
      key: { secret: { name: 'my-jwt', key: 'key.pem', ...(namespace === undefined ? {} : { namespace }) } },
    });
    for (const namespace of [undefined, '', 'science']) {
      const { allowed, reason, message } = await create(keyIn(namespace));
      assert.deepEqual([allowed, reason], [false, 'SecretConflict']);
      assert.match(message, /^spec\.key\.secret names Secret my-jwt/);
      assert.doesNotMatch(message, /delete|adopt/);
    }
    assert.ok(
      (await create(keyIn('keys'))).allowed,
      'the Secret of that name in another namespace is another',
    );
  });

  it('whose key is in a ConfigMap is allowed with a warning, unless something else is wrong', async () => {
    const key = { configMap: { name: 'my-keys', key: 'key.pem' } };
    const { allowed, warnings } = await create({ key });
    assert.deepEqual([allowed, warnings.length], [true, 1]);
    assert.match(warnings[0] ?? '', /^spec\.key\.configMap is never read/);
    const wrong = await create({ key, data: { x: 2 ** 60 } });
    assert.deepEqual([wrong.allowed, wrong.reason], [false, 'ClaimsInvalid']);
    assert.match(wrong.warnings[0] ?? '', /^spec\.key\.configMap is never read/);
  });

  it('is refused with all its mistakes at once', async () => {
    const answer = await create({ ...BAD_KEY, data: { id: 2 ** 60 } });
    assert.equal(answer.reason, 'KeyUnreadable');
    assert.match(answer.message, /no PEM block.*; spec\.data\.id is an integer beyond 2\^53.*as a string$/);
  });

  it('is refused with one line of bounded length, whatever the names of its claims', async () => {
    const answer = await create({ data: { [`a\nb\u0000${'x'.repeat(50_000)}`]: 2 ** 60 } });
    assert.equal(answer.reason, 'ClaimsInvalid');
    assert.match(answer.message, /^spec\.data\.a b x+…$/);
    assert.equal(answer.message.length, 1_000);
  });
});

describe('an update', () => {
  const bad = wireJwt(BAD_KEY);

  it('that does not change the spec is allowed, whatever the spec is', async () => {
    const metadata = { labels: { colour: 'blue' }, finalizers: [] };
    assertUntouched(await update(wireJwt(BAD_KEY, { metadata }), bad));
    assertUntouched(await update({ ...bad, spec: 7 }, { ...bad, spec: 7 }));
    const reordered = Object.fromEntries(Object.entries(bad.spec).toReversed());
    assertUntouched(await update({ ...bad, spec: reordered }, bad));
  });

  it('that changes the spec is judged as a whole', async () => {
    assert.equal((await update(wireJwt({ ...BAD_KEY, keyId: 'other' }), bad)).reason, 'KeyUnreadable');
    assert.ok((await update(wireJwt(), bad)).allowed, 'fixed');
    assert.equal((await update(bad, wireJwt())).decision, 'deny', 'broken');
    assert.equal((await update(bad, null)).decision, 'deny', 'nothing to compare with');
  });

  it('notices every kind of change', async () => {
    const id = 2 ** 60;
    const stored = wireJwt({ data: { id, list: [1, { a: null }], note: 'x' } });
    const changes = [
      { id, list: [1, { a: null }] },
      { id, list: [1, { a: null }], other: 'x' },
      { id, list: [{ a: null }, 1], note: 'x' },
      { id, list: { 0: 1, 1: { a: null } }, note: 'x' },
      { id, list: [1, { a: 'null' }], note: 'x' },
      { id, list: [1, null], note: 'x' },
    ];
    for (const data of changes)
      assert.equal((await update(wireJwt({ data }), stored)).reason, 'ClaimsInvalid', JSON.stringify(data));
  });

  it('can keep a resignBefore that is too long, as the rule of the CRD allows', async () => {
    const long = { resignBefore: { days: 2 }, key: SECRET };
    assertUntouched(await update(wireJwt({ ...long, keyId: 'other' }), wireJwt(long)));
    assert.equal((await create(long)).reason, 'RenewalClamped');
  });

  it('can keep a key in the Secret of its token, but not add one', async () => {
    const own = { key: { secret: { name: 'my-jwt', key: 'key.pem' } } };
    assert.ok((await update(wireJwt({ ...own, keyId: 'other' }), wireJwt(own))).allowed);
    assert.ok(!(await update(wireJwt(own), wireJwt({ key: SECRET }))).allowed);
    const unreadable = wireJwt({ ...own, expiryTime: { hours: 0 } });
    assert.ok((await update(wireJwt(own), unreadable)).allowed, 'also when another fault is corrected');
  });

  it('of a JWT that is being deleted is allowed', async () => {
    const metadata = { deletionTimestamp: '2026-11-24T00:00:00Z' };
    assertUntouched(await update(wireJwt(BAD_KEY, { metadata }), wireJwt()));
  });
});

describe('a review of anything else is allowed', () => {
  const others: Readonly<Record<string, Record<string, unknown>>> = {
    'a deletion': { operation: 'DELETE', object: null, oldObject: wireJwt(BAD_KEY) },
    'a connection': { operation: 'CONNECT' },
    'no operation': { operation: undefined },
    'the status': { operation: 'UPDATE', subResource: 'status' },
    'another resource of the group': { resource: { group: 'tokens.osg-htc.org', resource: 'others' } },
    'another group': { resource: { group: '', resource: 'jwts' } },
    'no resource': { resource: undefined },
    'kube-system': { namespace: 'kube-system' },
    'our own namespace': { namespace: 'jwt-injector' },
  };
  for (const [name, more] of Object.entries(others)) {
    it(name, async () => assertUntouched(await answerTo(requestOf(wireJwt(BAD_KEY), more))));
  }
});

describe('hostile reviews of JWTs', () => {
  it('of wrong shapes are refused', async () => {
    const shapes = [null, 7, 'x', [], {}, { spec: null }, { spec: [] }, { spec: 'x' }, { spec: {} }];
    for (const object of shapes) {
      const answer = await answerTo(requestOf(object));
      assert.deepEqual([answer.allowed, answer.reason], [false, 'ClaimsInvalid'], JSON.stringify(object));
    }
  });

  it('of claims nested deeper than the stack are answered', async () => {
    const text = (leaf: string): string => '[{"a":'.repeat(100_000) + leaf + '}]'.repeat(100_000);
    const jwt = (leaf: string) => ({
      ...wireJwt(),
      spec: { ...wireJwt().spec, data: { deep: JSON.parse(text(leaf)) } },
    });
    const request = { ...requestOf(null), object: jwt('1') };
    assert.match((await answerTo(request)).message, /nested deeper than 500 levels/);
    const same = { ...request, operation: 'UPDATE', oldObject: jwt('1') };
    assertUntouched(await answerTo(same));
    assert.equal((await answerTo({ ...same, oldObject: jwt('2') })).decision, 'deny');
  });

  it('of anything else get an answer as documented', async () => {
    await fc.assert(
      fc.asyncProperty(
        hostileJwt,
        hostileJwt,
        fc.constantFrom('CREATE', 'UPDATE'),
        async (object, old, operation) => {
          const request = requestOf(object, { operation, oldObject: old });
          const before = JSON.stringify(request);
          const answer = await answerTo(request);
          assert.equal(JSON.stringify(request), before, 'the review itself is not touched');
          assert.ok(ADMISSION_DECISIONS.includes(answer.decision));
          assert.ok([...ADMISSION_REASONS, ...STATE_REASONS].includes(answer.reason));
          assert.equal(answer.patch, '');
          assert.equal(answer.allowed, answer.decision !== 'deny');
          assert.ok(answer.warnings.length <= 3);
          for (const warning of answer.warnings) assert.ok(Array.from(warning).length <= 120, warning);
          const said = [answer.message, ...answer.warnings].join('');
          assert.doesNotMatch(said, /\p{Cc}/u);
          for (const line of NRP_KEY.split('\n').slice(1, 4)) assert.ok(!said.includes(line.slice(0, 20)));
          assert.deepEqual(Object.keys(Object.prototype), []);
          assert.deepEqual(await answerTo(request), answer, 'the same input gives the same answer');
        },
      ),
      RUNS,
    );
  });
});

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    2 ** 60,
    1e308,
    true,
    [],
    {},
    NRP_KEY,
    '{"kty":"EC","d":"x"}',
  ),
  fc.constantFrom<unknown>(
    NRP_KEY.slice(0, 90),
    NRP_KEY.replace('MHcC', 'AAAA'),
    'storage.write:/',
    'ANY',
    '1.0',
    '\n',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const claimNames = [
  'scope',
  'sub',
  'aud',
  'iss',
  'exp',
  'jti',
  'ver',
  'wlcg.ver',
  '__proto__',
  'toJSON',
  'a\r\nb',
];
const fields: readonly string[] = [
  ...Object.keys(wireJwt().spec),
  'secretTemplate',
  'deletionPolicy',
  '__proto__',
];

/** Replaces a value in one of six runs: if several were wrong at once, only the first would be reported. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary });
}

/** The NRP page's JWT with some fields and claims, or a part of its envelope, replaced by junk. */
const hostileJwt: fc.Arbitrary<unknown> = fc
  .record({
    spec: rarely(fc.dictionary(fc.constantFrom(...fields), junk, { maxKeys: 2 }), {}),
    data: fc.dictionary(fc.constantFrom(...claimNames), junk, { maxKeys: 4 }),
    key: rarely<unknown>(
      fc.oneof(
        junk,
        junk.map((value) => ({ value })),
      ),
      SECRET,
    ),
    algorithm: rarely<unknown>(fc.constantFrom('none', 7, 'RS256', 'EdDSA'), 'ES256'),
    metadata: rarely<unknown>(junk, {}),
    whole: rarely(junk, undefined),
  })
  .map(({ spec, data, key, algorithm, metadata, whole }) => {
    const jwt = wireJwt({ data: { ...GOOD_DATA, ...data }, key, algorithm, ...spec });
    return whole ?? Object.assign(jwt, { metadata });
  });
