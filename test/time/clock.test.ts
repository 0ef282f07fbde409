import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/time/clock.ts';
import { virtualClock } from './virtual-clock.ts';

const DAY_MS = 86_400_000;

test('a timer of 40 days fires after 40 days, not at once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  let monotonic = 0;
  t.mock.method(performance, 'now', () => monotonic);
  let fired = false;
  systemClock.setTimer(40 * DAY_MS, () => {
    fired = true;
  });
  for (let hour = 0; hour < 40 * 24; hour += 1) {
    assert.equal(fired, false);
    monotonic += DAY_MS / 24;
    t.mock.timers.tick(DAY_MS / 24);
  }
  assert.equal(fired, true);
});

test('a cancelled timer of many days never fires', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let monotonic = 0;
  t.mock.method(performance, 'now', () => monotonic);
  let fired = false;
  const timer = systemClock.setTimer(3 * DAY_MS, () => {
    fired = true;
  });
  monotonic = 2 * DAY_MS;
  t.mock.timers.tick(2 * DAY_MS);
  timer.cancel();
  monotonic = 9 * DAY_MS;
  t.mock.timers.tick(7 * DAY_MS);
  assert.equal(fired, false);
});

test('a sleep answers whether it slept', async () => {
  const abort = new AbortController();
  assert.equal(await systemClock.sleep(1), true);
  assert.equal(await systemClock.sleep(1, abort.signal), true);
  const sleep = systemClock.sleep(60_000, abort.signal);
  abort.abort(new Error('enough'));
  assert.equal(await sleep, false);
  assert.equal(await systemClock.sleep(60_000, abort.signal), false);
});

test('a sleep removes its listener from the signal', async () => {
  const abort = new AbortController();
  let listeners = 0;
  const { signal } = abort;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  await systemClock.sleep(1, signal);
  assert.equal(listeners, 0);
});

test('the virtual clock runs timers in order, each at its own time', async () => {
  const clock = virtualClock(0);
  const seen: [string, number][] = [];
  clock.setTimer(20, () => seen.push(['b', clock.now()]));
  clock.setTimer(10, () => {
    seen.push(['a', clock.now()]);
    clock.setTimer(15, () => seen.push(['c', clock.now()]));
  });
  await clock.advance(30);
  assert.deepEqual(seen, [
    ['a', 10],
    ['b', 20],
    ['c', 25],
  ]);
  assert.equal(clock.now(), 30);
  clock.jump(-1_000);
  assert.equal(clock.now(), -970);
  assert.equal(clock.monotonic(), 30);
});
