import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timeForAnswer } from '../../src/server/answer-time.ts';

describe('the time for an answer', () => {
  const cases: readonly [string | undefined, number][] = [
    ['10s', 9_500],
    ['5s', 4_500],
    ['1s', 500],
    ['1.5s', 1_000],
    ['100ms', 50],
    [undefined, 4_500],
    ['', 4_500],
    ['forever', 4_500],
    ['-5s', 4_500],
    ['9'.repeat(400) + 's', 4_500],
  ];
  for (const [timeout, expected] of cases) {
    it(`of ?timeout=${timeout?.slice(0, 10) ?? ''} is ${expected} ms`, () =>
      assert.equal(timeForAnswer(timeout), expected));
  }
});
