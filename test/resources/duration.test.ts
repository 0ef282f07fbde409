import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDuration } from '../../src/resources/duration.ts';

describe('a duration', () => {
  const good: readonly (readonly [unknown, number])[] = [
    [{ days: 1 }, 86_400],
    [{ hours: 1 }, 3_600],
    [{ minutes: 1 }, 60],
    [{ days: 1, hours: 2, minutes: 3 }, 93_780],
    [{ hours: 36 }, 129_600],
    [{ days: 0, hours: 0, minutes: 5 }, 300],
    [{ days: null, minutes: 5 }, 300],
    [{ days: 0 }, 0],
    [{ minutes: 5, weeks: 1 }, 300],
    [{ weeks: 1 }, 0],
    [{}, 0],
    [{ days: 36_500 }, 3_153_600_000],
  ];
  for (const [value, seconds] of good) {
    it(`${JSON.stringify(value)} is ${seconds} s`, () => {
      assert.deepEqual(parseDuration(value, 'x'), { ok: true, value: seconds });
    });
  }

  const bad: readonly (readonly [unknown, string])[] = [
    [{ days: -1 }, 'x.days must be a whole number, 0 or more'],
    [{ hours: 1.5 }, 'x.hours must be a whole number, 0 or more'],
    [{ minutes: '5' }, 'x.minutes must be a whole number, 0 or more'],
    [{ minutes: 2 ** 53 }, 'x.minutes must be a whole number, 0 or more'],
    [{ days: 36_501 }, 'x.days is more than a hundred years'],
    ['1d', 'x must be an object with days, hours or minutes'],
    [[1], 'x must be an object with days, hours or minutes'],
    [null, 'x must be an object with days, hours or minutes'],
  ];
  for (const [value, problem] of bad) {
    it(`${JSON.stringify(value)} is refused: ${problem}`, () => {
      assert.deepEqual(parseDuration(value, 'x'), { ok: false, problem });
    });
  }

  it('inherits nothing', () => {
    const value: unknown = JSON.parse('{"__proto__": {"days": 1}}');
    assert.deepEqual(parseDuration(value, 'x'), { ok: true, value: 0 });
  });
});
