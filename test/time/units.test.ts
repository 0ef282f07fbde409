import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toMilliseconds, toSeconds, type Milliseconds, type Seconds } from '../../src/time/units.ts';

test('seconds and milliseconds become each other', () => {
  assert.equal(toSeconds(1_500), 1.5);
  assert.equal(toMilliseconds(1.5), 1_500);
  assert.equal(toSeconds(undefined), undefined);
  assert.equal(toMilliseconds(undefined), undefined);
});

test('seconds are not accepted as milliseconds: that does not compile', () => {
  const seconds: Seconds = 60;
  const wait = (time: Milliseconds): Milliseconds => time;
  // @ts-expect-error: seconds where milliseconds are expected
  assert.equal(wait(toSeconds(60_000)), seconds);
  // @ts-expect-error: milliseconds where seconds are expected
  const other: Seconds = wait(60);
  assert.equal(other, seconds);
});

test('constants and sums need no conversion', () => {
  const now: Seconds = toSeconds(10_000);
  const later: Seconds = now + 60;
  assert.equal(later, 70);
});
