import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TRIES } from '../fixtures/tries.ts';
import { GROWTH, growthOf } from './measure.ts';
import { PARSERS } from './parsers.ts';

/** The factor for double the input. A quadratic parser takes 4 times as long. */
const MAX_GROWTH = 2.5;
/** All of them in CI: each is measured for several milliseconds, several times. */
const FAMILIES = Math.min(Math.ceil(TRIES / 10), 100);

/** Texts that differ only in length: a beginning, a repeated part, an end. */
interface Family {
  readonly head: string;
  readonly unit: string;
  readonly tail: string;
}

function familiesOf(pieces: readonly string[]): fc.Arbitrary<Family> {
  const some = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...pieces), { minLength, maxLength }).map((parts) => parts.join(''));
  return fc.record({ head: some(0, 3), unit: some(1, 4), tail: some(0, 3) });
}

/**
 * The longer text has about this length and repeats the part `GROWTH` times as often as the shorter one, with
 * equal beginning and end.
 */
function textsOf({ head, unit, tail }: Family, length: number): readonly [string, string] {
  const room = length / GROWTH - head.length - tail.length;
  const times = Math.max(1, Math.floor(room / unit.length));
  return [head + unit.repeat(times) + tail, head + unit.repeat(times * GROWTH) + tail];
}

describe('the time to parse foreign text is proportional to its length:', () => {
  for (const [name, { readerOf, pieces, length }] of Object.entries(PARSERS)) {
    it(name, async () => {
      const isLinear = async (family: Family): Promise<void> => {
        const [small, large] = textsOf(family, length);
        const growth = await growthOf((read) => read(), readerOf(small), readerOf(large), MAX_GROWTH);
        assert.ok(growth <= MAX_GROWTH, `double the text takes ${growth} times as long`);
      };
      await fc.assert(fc.asyncProperty(familiesOf(pieces), isLinear), { numRuns: FAMILIES });
    });
  }

  it('this test finds a quadratic parser', async () => {
    // The former search for PEM.
    const quadratic = (text: string): unknown =>
      [...text.matchAll(/-----BEGIN ([A-Z]+)-----([\s\S]*?)-----END \1-----/g)].length;
    const unit = '-----BEGIN A-----';
    const [small, large] = [unit.repeat(125), unit.repeat(125 * GROWTH)];
    assert.ok((await growthOf(quadratic, small, large, MAX_GROWTH)) > MAX_GROWTH);
  });
});
