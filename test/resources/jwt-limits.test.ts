import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwtSpec } from '../../src/resources/jwt.ts';
import { makeJwt, wireJwt } from '../fixtures/jwts.ts';

/** Entries `0`, `1`, … up to the count, with empty values. */
const entries = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, '']));

const nested = (levels: number): unknown => (levels === 0 ? '' : { a: nested(levels - 1) });

/** A text that makes the JSON of an object `bytes` bytes long; an `é` has two. */
const fill = (bytes: number, json: string): string => `é${'x'.repeat(bytes - Buffer.byteLength(json) - 2)}`;

describe('the limits of a JWT', () => {
  const limits: readonly (readonly [string, number, (size: number) => Record<string, unknown>, string])[] = [
    [
      'characters of the issuer',
      2_048,
      (size) => ({ issuer: '🐘'.repeat(size) }),
      'spec.issuer has more than 2048 characters',
    ],
    [
      'characters of the keyId',
      1_024,
      (size) => ({ keyId: '🐘'.repeat(size) }),
      'spec.keyId has more than 1024 characters',
    ],
    [
      'characters of an issuer among the claims',
      2_048,
      (size) => ({ data: { iss: '🐘'.repeat(size) } }),
      'spec.data.iss has more than 2048 characters',
    ],
    [
      'claims',
      64,
      (size) => ({ data: entries(size) }),
      'spec.data has 65 properties: at most 64 are allowed',
    ],
    [
      'levels of claims in each other',
      500,
      (size) => ({ data: nested(size) }),
      'spec.data is nested deeper than 500 levels: make it flatter',
    ],
    [
      'bytes of claims as JSON',
      65_536,
      (size) => ({ data: { note: fill(size, '{"note":""}') } }),
      'spec.data takes 65537 bytes as JSON: at most 65536 are allowed, shorten it',
    ],
    [
      'labels of the template',
      64,
      (size) => ({ secretTemplate: { labels: entries(size), annotations: entries(64) } }),
      'spec.secretTemplate.labels has 65 entries: at most 64 are allowed',
    ],
    [
      'annotations of the template',
      64,
      (size) => ({ secretTemplate: { labels: entries(64), annotations: entries(size) } }),
      'spec.secretTemplate.annotations has 65 entries: at most 64 are allowed',
    ],
    [
      'bytes of the template as JSON',
      8_192,
      (size) => ({
        secretTemplate: { labels: { a: fill(size, '[{"a":""},{"b":""}]') }, annotations: { b: '' } },
      }),
      'spec.secretTemplate takes more than 8192 bytes as JSON: shorten it',
    ],
  ];
  for (const [what, most, make, message] of limits) {
    it(`has at most ${most} ${what}`, () => {
      assert.ok(parseJwtSpec(wireJwt(make(most)).spec).ok, 'so many');
      assert.deepEqual(
        parseJwtSpec(wireJwt(make(most + 1)).spec),
        { ok: false, problem: { reason: 'ClaimsInvalid', message } },
        'one more',
      );
    });
  }
});

describe('a JWT', () => {
  it('that was stored with more than the limit is kept without it, with a problem', () => {
    const large = 'x'.repeat(700_000);
    const stored = [
      makeJwt({ data: { note: large } }),
      makeJwt({ key: { value: large } }),
      makeJwt({ key: { secret: { name: large, key: 'a' } } }),
      makeJwt({ issuer: large }),
      makeJwt({ keyId: large }),
      makeJwt({ secretTemplate: { annotations: { a: large } } }),
      makeJwt({ secretTemplate: { labels: entries(2_000) } }),
    ];
    for (const jwt of stored) {
      assert.ok(!jwt.spec.ok);
      assert.match(jwt.spec.problem.message, /more than|at most/);
      assert.ok(JSON.stringify(jwt).length < 1_000);
    }
  });
});
