import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RateLimit } from '../../src/time/rate-limit.ts';

/** How many are allowed at this time. */
function drain(limit: RateLimit, now: number): number {
  let taken = 0;
  for (; limit.waitAt(now) === 0; taken += 1) limit.take();
  return taken;
}

it('the rate limit allows the burst, then one at a time, and after a long pause no more than the burst', () => {
  const limit = new RateLimit({ aSecond: 50, atOnce: 100 });
  assert.equal(drain(limit, 0), 100);
  assert.equal(limit.waitAt(0), 20);
  assert.equal(limit.waitAt(15), 5);
  assert.equal(drain(limit, 20), 1);
  assert.equal(drain(limit, 1_020), 50);
  assert.equal(drain(limit, 3_600_000), 100);
});
