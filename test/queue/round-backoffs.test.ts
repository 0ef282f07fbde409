import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RoundBackoffs } from '../../src/queue/round-backoffs.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;

describe('the wait of a key whose runs fail', () => {
  const failWith = (backoffs: RoundBackoffs, untilExpiry: number): number => {
    const scheduled = backoffs.schedule('a', untilExpiry);
    backoffs.fail('a', scheduled);
    return scheduled.delay;
  };

  it('doubles from 1 s to 5 min at the most, jitter included', () => {
    for (const [random, longest] of [
      [0, 240_000],
      [0.999_999, 300_000],
    ] as const) {
      const backoffs = new RoundBackoffs(() => random);
      const waits = Array.from({ length: 12 }, () => failWith(backoffs, FOR_EVER));
      assert.ok(Math.abs((waits[0] ?? 0) - 1_000 * (1 + random / 4)) < 1);
      assert.ok(Math.abs((waits.at(-1) ?? 0) - longest) < 1, String(waits));
    }
  });

  it('is at most half of the time that the token has left, at least 1 s, and such waits do not count', () => {
    const backoffs = new RoundBackoffs(() => 0);
    assert.deepEqual(
      [60_000, 60_000, 60_000, 6_000, 500].map((untilExpiry) => failWith(backoffs, untilExpiry)),
      [1_000, 2_000, 4_000, 3_000, 1_000],
    );
    assert.equal(failWith(backoffs, 0), 8_000, 'after it has expired they go on as before');
    assert.equal(failWith(backoffs, -1), 16_000);
  });

  it('is scheduled without a failure, and is the shortest again after it was reset', () => {
    const backoffs = new RoundBackoffs(() => 0);
    assert.deepEqual(backoffs.schedule('a', FOR_EVER), backoffs.schedule('a', FOR_EVER));
    assert.ok(!backoffs.has('a') && !backoffs.forget('a'));
    failWith(backoffs, FOR_EVER);
    failWith(backoffs, FOR_EVER);
    assert.ok(backoffs.has('a') && !backoffs.has('b'));
    assert.ok(backoffs.forget('a'));
    assert.equal(failWith(backoffs, FOR_EVER), 1_000);
  });
});
