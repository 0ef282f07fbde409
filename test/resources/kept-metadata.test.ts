import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeJwt } from '../fixtures/jwts.ts';

/** Labels `l000`, `l001`, … up to the count, in this order. */
const labelsOf = (count: number, value = ''): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`l${String(index).padStart(3, '0')}`, value]),
  );

/** A text that makes the JSON of something `bytes` bytes long; an `é` has two. */
const fill = (bytes: number, json: string): string => `é${'x'.repeat(bytes - Buffer.byteLength(json) - 2)}`;

describe('the labels of a JWT:', () => {
  it('256 are kept, the first ones, and its token is still signed', () => {
    assert.deepEqual(makeJwt({}, { metadata: { labels: labelsOf(256) } }).labels, labelsOf(256));
    const many = makeJwt({}, { metadata: { labels: labelsOf(2_000) } });
    assert.deepEqual(many.labels, labelsOf(256));
    assert.ok(many.spec.ok);
    assert.deepEqual(makeJwt({}, { metadata: { labels: labelsOf(257) } }).labels, labelsOf(256));
  });

  it('8 KiB as JSON are kept, whole ones from the first on', () => {
    const twoOf = (bytes: number) => ({ a: 'first', b: fill(bytes, '{"a":"first","b":""}') });
    assert.deepEqual(makeJwt({}, { metadata: { labels: twoOf(8_192) } }).labels, twoOf(8_192));
    const full = makeJwt({}, { metadata: { labels: { ...twoOf(8_192), c: '' } } });
    assert.deepEqual(full.labels, twoOf(8_192));
    const long = makeJwt({}, { metadata: { labels: { ...twoOf(8_193), c: '' } } });
    assert.deepEqual(long.labels, { a: 'first' });
    assert.ok(long.spec.ok);
    // 112 of 73 bytes each, with a brace or a comma.
    const many = makeJwt({}, { metadata: { labels: labelsOf(200, 'x'.repeat(63)) } });
    assert.deepEqual(many.labels, labelsOf(112, 'x'.repeat(63)));
  });
});

describe('the finalizers of a JWT:', () => {
  it('all are kept or none, as the service writes the whole list; its token is still signed', () => {
    const names = (count: number): readonly string[] => Object.keys(labelsOf(count));
    assert.deepEqual(makeJwt({}, { metadata: { finalizers: names(256) } }).finalizers, names(256));
    const longest = ['a', fill(8_192, '["a",""]')];
    assert.deepEqual(makeJwt({}, { metadata: { finalizers: longest } }).finalizers, longest);
    for (const finalizers of [names(257), ['a', fill(8_193, '["a",""]')]]) {
      const jwt = makeJwt({}, { metadata: { finalizers, labels: { a: 'b' } } });
      assert.deepEqual([jwt.finalizers, jwt.labels, jwt.spec.ok], [[], { a: 'b' }, true]);
    }
  });
});

describe('the annotations of a JWT:', () => {
  it('only the used part is kept, for any length and number', () => {
    const annotations = {
      'tokens.osg-htc.org/renew': `2${'x'.repeat(200_000)}`,
      'tokens.osg-htc.org/whatever': 'x'.repeat(200_000),
      ...Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`kopf.zalando.org/${index}`, ''])),
    };
    const kept = makeJwt({}, { metadata: { annotations } }).annotations;
    assert.equal(kept['tokens.osg-htc.org/renew']?.length, 1_024);
    assert.ok(JSON.stringify(kept).length < 2_000);
  });
});
