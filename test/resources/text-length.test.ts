import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { isLongerThan } from '../../src/resources/text-length.ts';
import { codePoint } from '../fixtures/code-point.ts';
import { TRIES } from '../fixtures/tries.ts';

it('a text is longer than a number of characters if it has more code points, not more UTF-16 units', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoint, maxLength: 12 }), fc.nat(12), (text, most) =>
      assert.equal(isLongerThan(text, most), Array.from(text).length > most),
    ),
    { numRuns: TRIES },
  );
  assert.ok(!isLongerThan('🐘'.repeat(5), 5));
  assert.ok(isLongerThan('🐘'.repeat(6), 5));
  assert.ok(isLongerThan('x'.repeat(1_000_000), 5));
});
