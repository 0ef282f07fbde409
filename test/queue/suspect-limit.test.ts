import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SuspectLimit } from '../../src/queue/suspect-limit.ts';

const [MIN_LIMIT, MAX_LIMIT] = [4, 16];

/**
 * The limit in each second, while as many rounds run as it allows, or `alwaysRunning`, and `whileMeasuring`; `tookWith` gives the
 * time of one.
 */
function follow(
  tookWith: (running: number) => number,
  seconds: number,
  { hasFailed = false, alwaysRunning = 0, whileMeasuring = 0 } = {},
): readonly number[] {
  const limit = new SuspectLimit(MIN_LIMIT, MAX_LIMIT);
  const running: { startedAt: number; endsAt: number; atOnce: number }[] = [];
  const limits: number[] = [];
  for (let now = 0; now < seconds * 1_000; now += 10) {
    for (const round of running.filter(({ endsAt }) => endsAt <= now)) {
      running.splice(running.indexOf(round), 1);
      const { startedAt, atOnce } = round;
      limit.ended({ startedAt, endedAt: now, hasFailed, isSlow: now - startedAt >= 250, atOnce });
    }
    while (running.length < Math.max(limit.limit, limit.isMeasuring ? whileMeasuring : alwaysRunning)) {
      const atOnce = running.length + 1;
      running.push({ startedAt: now, endsAt: now + tookWith(atOnce), atOnce });
    }
    if (now % 1_000 === 0) limits.push(limit.limit);
  }
  return limits;
}

describe('the limit of suspects', () => {
  it('falls to the minimum while they fail, and rises at once when they are fast', () => {
    assert.equal(follow(() => 10_000, 60, { hasFailed: true }).at(-1), MIN_LIMIT);
    assert.equal(follow(() => 50, 60).at(-1), MAX_LIMIT);
  });

  it('stays low if they slow each other down', () => {
    const limits = follow((running) => 170 * running, 600).slice(30);
    assert.ok(Math.max(...limits) <= MAX_LIMIT / 2, String(limits));
  });

  it('stays low if they slow each other down and more begin than it allows', () => {
    const limits = follow((running) => 170 * running, 600, { alwaysRunning: 8 }).slice(30);
    assert.ok(Math.max(...limits) <= MAX_LIMIT / 2, String(limits));
  });

  it('rises no further than to where they are half as slow again, if more always run than the least', () => {
    const limits = follow((running) => 170 * running, 600, { alwaysRunning: 8, whileMeasuring: 8 });
    assert.equal(Math.max(...limits.slice(30)), 12);
  });

  it('falls, but rises again, if they are slow in any number and more always run than the least', () => {
    const limits = follow(() => 5_000, 300, { alwaysRunning: 8, whileMeasuring: 8 });
    assert.equal(Math.min(...limits), MIN_LIMIT);
    assert.deepEqual(new Set(limits.slice(150)), new Set([MAX_LIMIT]));
  });

  it('falls, but rises again, if they are slow in any number', () => {
    const limits = follow(() => 5_000, 300);
    assert.equal(Math.min(...limits), MIN_LIMIT, 'nobody knows why they are slow at first');
    assert.deepEqual(new Set(limits.slice(120)), new Set([MAX_LIMIT]));
  });

  it('is determined again if the API server becomes even slower', () => {
    let asked = 0;
    const limits = follow(() => (++asked < 500 ? 2_000 : 8_000), 600);
    assert.equal(limits[60], MAX_LIMIT);
    assert.equal(Math.min(...limits.slice(60)), MIN_LIMIT);
    assert.equal(limits.at(-1), MAX_LIMIT);
  });

  it('never exceeds its bounds', () => {
    for (const took of [10, 300, 3_000])
      for (const limit of follow((running) => took * (1 + (running % 3)), 120))
        assert.ok(limit >= MIN_LIMIT && limit <= MAX_LIMIT);
  });
});
