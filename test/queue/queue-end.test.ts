import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoundResult } from '../../src/queue/work.ts';
import { startQueue } from './noted-queue.ts';

const MINUTE_MS = 60_000;
/** Times in milliseconds to which a second, or two minutes, cannot be added and taken off again: the sum is rounded. */
const FRACTIONS = [7_467.485_732_009_060_5, 20.2];

test('a stop waits for running rounds and begins no others', async () => {
  let ended = 0;
  const { queue, clock, rounds } = startQueue(
    async () => {
      await clock.sleep(1_000);
      ended += 1;
      return { next: 'wait', dueAt: 0 };
    },
    { workers: 2 },
  );
  for (const key of ['a', 'b', 'c']) queue.add(key, { priority: 'changed' });
  await clock.settle();
  let stopped = false;
  const stopping = queue.stop().then(() => (stopped = true));
  await clock.advance(999);
  assert.equal(stopped, false);
  await clock.advance(1);
  await stopping;
  assert.equal(ended, 2);
  queue.add('d', { priority: 'new' });
  await clock.advance(60_000);
  assert.equal(rounds.length, 2);
  assert.equal(clock.pending(), 0);
});

test('a round that never ends is given up after two minutes: it is reported, and its key gets another round', async () => {
  const given: (() => boolean)[] = [];
  const { queue, clock, rounds, errors } = startQueue((_key, isGivenUp): Promise<RoundResult> => {
    given.push(isGivenUp);
    return given.length === 1 ? new Promise(() => {}) : Promise.resolve({ next: 'forget' });
  });
  queue.add('a', { priority: 'new' });
  await clock.advance(2 * MINUTE_MS - 1);
  assert.deepEqual([rounds.length, errors.length, given[0]?.()], [1, 0, false]);
  queue.add('a', { priority: 'changed' });
  await clock.advance(1);
  assert.match(String(errors[0]), /did not end within 120 s/);
  assert.deepEqual(rounds, [
    ['a', 0],
    ['a', 2 * MINUTE_MS],
  ]);
  assert.deepEqual([given[0]?.(), given[1]?.()], [true, false]);
  await clock.advance(10 * MINUTE_MS);
  assert.deepEqual([rounds.length, clock.pending()], [2, 0]);
});

test('rounds become slow and are given up also if their times have fractions of a millisecond', async () => {
  for (const begunAt of FRACTIONS) {
    const { queue, clock, errors } = startQueue(() => new Promise(() => {}), { workers: 1 });
    await clock.advance(begunAt);
    queue.add('a', { priority: 'resync' });
    await clock.settle();
    queue.add('b', { priority: 'resync' });
    let timers = 0;
    const isEnough = (): boolean => (timers += 1) > 20 || errors.length > 0;
    assert.ok(await clock.advanceUntil(isEnough, 3 * MINUTE_MS));
    assert.equal(errors.length, 1, `${begunAt}: the clock stands still`);
    await Promise.all([queue.stop(0), clock.advance(1)]);
  }
});

test('the result of a round that was given up does not count', async () => {
  const { queue, clock, rounds, errors } = startQueue(async (): Promise<RoundResult> => {
    if (rounds.length > 1) return { next: 'wait', dueAt: clock.now() + 3 * MINUTE_MS };
    await clock.sleep(3 * MINUTE_MS);
    throw new Error('too late');
  });
  queue.add('a', { priority: 'new' });
  await clock.advance(4 * MINUTE_MS);
  assert.deepEqual([rounds.length, errors.length], [2, 1]);
});

test('a stop does not wait for a round that never ends', async () => {
  const given: (() => boolean)[] = [];
  const { queue, clock, errors } = startQueue((_key, isGivenUp): Promise<RoundResult> => {
    given.push(isGivenUp);
    return new Promise(() => {});
  });
  queue.add('a', { priority: 'new' });
  await clock.settle();
  const stopping = queue.stop(2_000);
  await clock.advance(1_999);
  assert.equal(given[0]?.(), false);
  await clock.advance(1);
  await stopping;
  assert.deepEqual([errors, given[0]?.(), clock.pending()], [[], true, 0]);
});
