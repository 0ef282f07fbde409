import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatMicroTime, formatTime, parseTime } from '../../src/time/format-time.ts';

describe('a time', () => {
  it('is written as Kubernetes writes it', () => {
    assert.equal(formatTime(1_800_000_000.9), '2027-01-15T08:00:00Z');
  });

  it('has a date whatever number it is made of', () => {
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
    assert.equal(parseTime('2027-01-15T08:00:00.012000Z'), 1_800_000_000.012);
  });

  it('is read back to the second', () => {
    const property = fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
      assert.equal(parseTime(formatTime(seconds)), seconds);
    });
    fc.assert(property);
    for (const none of [undefined, 7, 'tomorrow', '']) assert.equal(parseTime(none), undefined);
  });
});
