import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timeForAnswer } from '../../src/server/answer-time.ts';

describe('the time for an answer', () => {
  const cases: readonly [string, number][] = [
    ['timeout=10s', 9_500],
    ['timeout=5s', 4_500],
    ['timeout=1s', 500],
    ['timeout=1.5s', 1_000],
    ['timeout=100ms', 50],
    ['a=b&timeout=1s&c', 500],
    ['', 4_500],
    ['timeout', 4_500],
    ['timeout=', 4_500],
    ['timeout=forever', 4_500],
    ['timeout=-5s', 4_500],
    ['timeout=1sec', 4_500],
    ['notimeout=1s', 4_500],
    [`timeout=${'9'.repeat(400)}s`, 4_500],
  ];
  for (const [query, expected] of cases) {
    it(`of ?${query.slice(0, 20)} is ${expected} ms`, () => assert.equal(timeForAnswer(query), expected));
  }
});
