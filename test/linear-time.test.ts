import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { growsAtMost } from './linear-time/measure.ts';
import { PARSERS } from './linear-time/parsers.ts';

/** For double the input. What is quadratic takes 4 times as long. */
const MOST_GROWTH = 2.5;
const FAMILIES = 100;

/** Texts that differ in length alone: a beginning, one thing again and again, an end. */
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

function textOf({ head, unit, tail }: Family, length: number): string {
  const times = Math.floor((length - head.length - tail.length) / unit.length);
  return head + unit.repeat(times) + tail;
}

describe('the time to read what others wrote grows no faster than its length:', () => {
  for (const [name, { parse, pieces, length }] of Object.entries(PARSERS)) {
    it(name, async () => {
      const isLinear = (family: Family): Promise<boolean> =>
        growsAtMost(parse, textOf(family, length / 2), textOf(family, length), MOST_GROWTH);
      await fc.assert(fc.asyncProperty(familiesOf(pieces), isLinear), { numRuns: FAMILIES });
    });
  }

  it('what is quadratic is found', async () => {
    // PEM as it was looked for once.
    const quadratic = (text: string): unknown =>
      [...text.matchAll(/-----BEGIN ([A-Z]+)-----([\s\S]*?)-----END \1-----/g)].length;
    const unit = '-----BEGIN A-----';
    const [single, double] = [unit.repeat(500), unit.repeat(1_000)];
    assert.ok(!(await growsAtMost(quadratic, single, double, MOST_GROWTH)));
  });
});
