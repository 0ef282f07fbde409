import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { quote, shorten, showPath } from '../../src/admission/text.ts';

describe('a text that is cut', () => {
  const cases: readonly (readonly [text: string, limit: number, cut: string])[] = [
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['🐘🐘🐘', 3, '🐘🐘🐘'],
    ['🐘🐘🐘🐘', 3, '🐘🐘…'],
    ['a🐘b🐘', 4, 'a🐘b🐘'],
    ['', 3, ''],
  ];
  for (const [text, limit, cut] of cases)
    it(`"${text}" to ${limit} is "${cut}"`, () => assert.equal(shorten(text, limit), cut));

  it('has at most this many characters as the API server counts them, and is the whole text if that fits', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 20 }), (text, limit) => {
        const length = Array.from(text).length;
        const cut = shorten(text, limit);
        assert.equal(Array.from(cut).length, Math.min(length, limit));
        assert.equal(cut === text, length <= limit);
      }),
    );
  });
});

describe('foreign text in a message', () => {
  it('is quoted, cut, and on one line', () => {
    assert.equal(quote('a\nb\u0000c\u007F\u0085d'), '"a b c  d"');
    assert.equal(quote('abcd', 3), '"ab…"');
    assert.equal(quote('x'.repeat(81)), `"${'x'.repeat(79)}…"`);
  });
  it('is shown without quotes as a path', () => {
    assert.equal(showPath('/a\nb'), '/a b');
    assert.equal(showPath('x'.repeat(101)), `${'x'.repeat(99)}…`);
    assert.equal(showPath('/abc', 3), '/a…');
  });
  it('has no half of a surrogate pair, which no header can contain', () => {
    assert.equal(quote('a\uD800b\uDC00'), '"a b "');
  });
});
