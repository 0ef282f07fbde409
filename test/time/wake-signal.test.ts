import assert from 'node:assert/strict';
import { it } from 'node:test';
import { WakeSignal } from '../../src/time/wake-signal.ts';
import { virtualClock } from './virtual-clock.ts';

it('a wake ends the sleeps that began before it, and those whose signal was taken before it', async () => {
  const clock = virtualClock();
  const waking = new WakeSignal();
  const { signal } = waking;
  const asleep = clock.sleep(1_000, signal);
  waking.wake();
  assert.equal(await asleep, false);
  assert.equal(await clock.sleep(1_000, signal), false);
});

it('a wake does not end a sleep that begins after it', async () => {
  const clock = virtualClock();
  const waking = new WakeSignal();
  waking.wake();
  const asleep = clock.sleep(1_000, waking.signal);
  await clock.advance(1_000);
  assert.equal(await asleep, true);
});
