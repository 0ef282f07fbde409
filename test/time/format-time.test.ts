import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatDuration,
  formatMicroTime,
  formatTime,
  parseGoDuration,
  parseHttpDate,
  parseTime,
} from '../../src/time/format-time.ts';

describe('a time', () => {
  it('is written as Kubernetes writes it', () => {
    assert.equal(formatTime(1_800_000_000.9), '2027-01-15T08:00:00Z');
  });

  it('has a date for any number', () => {
    for (const [seconds, text] of [
      [1e20, '9999-12-31T23:59:59Z'],
      [Number.POSITIVE_INFINITY, '9999-12-31T23:59:59Z'],
      [-1e20, '1970-01-01T00:00:00Z'],
      [Number.NaN, '1970-01-01T00:00:00Z'],
    ] as const)
      assert.equal(formatTime(seconds), text);
    fc.assert(
      fc.property(fc.double(), (seconds) => {
        assert.match(formatTime(seconds), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      }),
    );
  });

  it('of a Lease or an Event has six digits', () => {
    assert.equal(formatMicroTime(1_800_000_000_012), '2027-01-15T08:00:00.012000Z');
    assert.equal(formatMicroTime(1_800_000_000_012, 7), '2027-01-15T08:00:00.012007Z');
    assert.equal(parseTime('2027-01-15T08:00:00.012000Z'), 1_800_000_000.012);
  });

  it('is read back to the second', () => {
    const property = fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
      assert.equal(parseTime(formatTime(seconds)), seconds);
    });
    fc.assert(property);
    for (const none of [undefined, 7, 'tomorrow', '']) assert.equal(parseTime(none), undefined);
  });

  it('of the header Date is read in milliseconds', () => {
    assert.equal(parseHttpDate('Fri, 15 Jan 2027 08:00:00 GMT'), 1_800_000_000_000);
    for (const none of [undefined, 7, 'tomorrow', '']) assert.equal(parseHttpDate(none), undefined);
  });
});

describe('a time span in words', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 s'],
    [0.4, '0 s'],
    [45, '45 s'],
    [90, '1 min 30 s'],
    [3_600, '1 h'],
    [93_784, '1 d 2 h'],
    [86_460, '1 d 1 min'],
    [59.6, '1 min'],
  ];
  for (const [seconds, words] of cases) {
    it(`of ${seconds} seconds is ${words}`, () => assert.equal(formatDuration(seconds), words));
  }
});

describe('a duration as Go writes it', () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['15s', 15_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['2h45m', 9_900_000],
    ['1ms', 1],
    ['2562047h', 9_223_369_200_000],
    ['2562048h', undefined],
    [`${'9'.repeat(400)}h`, undefined],
    ['0s', undefined],
    ['-1s', undefined],
    ['1', undefined],
    ['1d', undefined],
    ['1 s', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`"${text.slice(0, 20)}" is ${expected === undefined ? 'refused' : `${expected} ms`}`, () => {
      assert.equal(parseGoDuration(text), expected);
    });
  }
});
