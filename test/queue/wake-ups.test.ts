import assert from 'node:assert/strict';
import { it } from 'node:test';
import { WakeUps } from '../../src/queue/wake-ups.ts';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const HOUR_MS = 3_600_000;

it('a hundred thousand looks that are over at the same time begin at less than the cost of scheduling them', async () => {
  const clock = virtualClock();
  let looks = 0;
  const wakeUps = new WakeUps({
    clock,
    random: randomNumbers(1),
    resyncPeriod: HOUR_MS,
    onDue: () => assert.fail('nothing is due'),
    onRetry: () => assert.fail('nothing failed'),
    onClockSteppedBack: () => assert.fail('the clock was set forward'),
    onResync: () => {
      looks += 1;
    },
  });
  wakeUps.start();
  const start = performance.now();
  for (let each = 0; each < 100_000; each += 1)
    wakeUps.scheduleFirstWake(`ns/${each}`, Number.POSITIVE_INFINITY, { next: 'wait' });
  const scheduled = performance.now();
  clock.jump(2 * HOUR_MS);
  await clock.advanceUntil(() => looks > 0, HOUR_MS);
  const begun = performance.now();
  wakeUps.stop();
  assert.equal(looks, 32);
  assert.ok(begun - scheduled < scheduled - start, `${begun - scheduled} of ${scheduled - start} ms`);
});
