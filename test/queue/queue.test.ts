import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';

const MINUTE_MS = 60_000;

test('a key that was added often gets one round', async () => {
  const { queue, clock, rounds } = startQueue();
  for (let i = 0; i < 5; i += 1) queue.add('a', { priority: 'changed' });
  assert.equal(queue.depth(), 1);
  await clock.settle();
  assert.deepEqual(rounds, [['a', 0]]);
  assert.equal(queue.depth(), 0);
});

test('a key that is added during its round gets another round', async () => {
  const { queue, clock, rounds } = startQueue(async () => {
    await clock.sleep(100);
    return { next: 'forget' };
  });
  queue.add('a', { priority: 'changed' });
  await clock.advance(50);
  queue.add('a', { priority: 'changed' });
  queue.add('a', { priority: 'new' });
  assert.equal(queue.depth(), 1);
  await clock.advance(1_000);
  assert.deepEqual(rounds, [
    ['a', 0],
    ['a', 100],
  ]);
});

test('due keys are first, then new ones, then changed ones, then those of a resync, each the soonest to expire first', async () => {
  const { queue, clock, rounds } = startQueue(undefined, { workers: 1 });
  queue.add('resync', { priority: 'resync', expiresAt: 1 });
  queue.add('changed, expires late', { priority: 'changed', expiresAt: 900 });
  queue.add('changed, expires soon', { priority: 'changed', expiresAt: 500 });
  queue.add('changed, no token', { priority: 'changed' });
  queue.add('new', { priority: 'new' });
  queue.add('due late', { priority: 'due', expiresAt: 700 });
  queue.add('due soon', { priority: 'due', expiresAt: 600 });
  await clock.settle();
  assert.deepEqual(
    rounds.map(([key]) => key),
    [
      'due soon',
      'due late',
      'new',
      'changed, expires soon',
      'changed, expires late',
      'changed, no token',
      'resync',
    ],
  );
});

test('a key moves up if it is added again with more urgency, and never down', async () => {
  const { queue, clock, rounds } = startQueue(undefined, { workers: 1 });
  queue.add('a', { priority: 'changed' });
  queue.add('b', { priority: 'resync' });
  queue.add('b', { priority: 'new' });
  queue.add('b', { priority: 'resync' });
  await clock.settle();
  assert.deepEqual(
    rounds.map(([key]) => key),
    ['b', 'a'],
  );
});

test('a wake-up happens once, at its time', async () => {
  const { queue, clock, rounds } = startQueue(async () =>
    rounds.length === 1 ? { next: 'wait', dueAt: 5 * MINUTE_MS } : { next: 'forget' },
  );
  queue.add('a', { priority: 'new' });
  await clock.advance(200 * MINUTE_MS);
  assert.deepEqual(rounds, [
    ['a', 0],
    ['a', 5 * MINUTE_MS],
  ]);
  assert.equal(clock.pending(), 0);
});

test('a round replaces the wake-up that was planned before it', async () => {
  const plans = [5 * MINUTE_MS, 8 * MINUTE_MS];
  const { queue, clock, rounds } = startQueue(async () => {
    const dueAt = plans.shift();
    return dueAt === undefined ? { next: 'forget' } : { next: 'wait', dueAt };
  });
  queue.add('a', { priority: 'new' });
  await clock.advance(MINUTE_MS);
  queue.add('a', { priority: 'changed' });
  await clock.advance(100 * MINUTE_MS);
  assert.deepEqual(rounds, [
    ['a', 0],
    ['a', MINUTE_MS],
    ['a', 8 * MINUTE_MS],
  ]);
});

test('a round that always requests the next one at once gets one a second', async () => {
  const { queue, clock, rounds } = startQueue(async () => ({
    next: 'wait',
    dueAt: Number.NEGATIVE_INFINITY,
  }));
  queue.add('a', { priority: 'new' });
  await clock.advance(10_000);
  assert.equal(rounds.length, 11);
});

test('a wake-up 40 days ahead happens after 40 days, with a round every few minutes until then', async () => {
  const dueAt = 40 * 24 * 60 * MINUTE_MS;
  const { queue, clock, rounds } = startQueue(async () =>
    clock.now() < dueAt ? { next: 'wait', dueAt } : { next: 'forget' },
  );
  queue.add('a', { priority: 'new' });
  await clock.advance(dueAt - 1);
  const waits = rounds.map(([, time], index) => time - (rounds[index - 1]?.[1] ?? 0));
  assert.ok(Math.max(...waits) < 10 * MINUTE_MS);
  const before = rounds.length;
  await clock.advance(1);
  assert.equal(rounds.length, before + 1);
});

test('a key that becomes due while its resync waits for a worker is as urgent as any that is due', async () => {
  const dueAt = 10 * MINUTE_MS;
  const { queue, clock, rounds } = startQueue(
    async (key) => {
      if (key === 'slow') await clock.sleep(1.8 * MINUTE_MS);
      return key === 'planned' && clock.now() < dueAt ? { next: 'wait', dueAt } : { next: 'forget' };
    },
    { workers: 1 },
  );
  queue.add('planned', { priority: 'new' });
  await clock.advance(8.5 * MINUTE_MS);
  queue.add('slow', { priority: 'new' });
  await clock.advance(1.5 * MINUTE_MS);
  queue.add('new', { priority: 'new' });
  await clock.advance(MINUTE_MS);
  assert.deepEqual(
    rounds.map(([key]) => key),
    ['planned', 'slow', 'planned', 'new'],
  );
});

test('failures are repeated after 1, 2, 4 … s, never later than 5 min', async () => {
  const { queue, clock, rounds } = startQueue(async () => ({ next: 'retry' }));
  queue.add('a', { priority: 'new' });
  await clock.advance(60 * MINUTE_MS);
  const waits = rounds.map(([, at], index) => at - (rounds[index - 1]?.[1] ?? 0)).slice(1);
  assert.deepEqual(
    waits.slice(0, 8),
    [1, 2, 4, 8, 16, 32, 64, 128].map((s) => s * 1_000),
  );
  assert.ok(waits.slice(8).every((wait) => wait >= 200_000 && wait <= 300_000));
});

test('a back-off is at most half of the time until the token expires, and still grows after that', async () => {
  const expiresAt = 60_000;
  const { queue, clock, rounds } = startQueue(async () => ({ next: 'retry' }));
  queue.add('a', { priority: 'new', expiresAt });
  await clock.advance(300_000);
  const times = rounds.map(([, at]) => at / 1_000);
  assert.deepEqual(times.slice(0, 6), [0, 1, 3, 7, 15, 31]);
  const before = times.filter((at) => at < 60);
  assert.ok(before.length >= 9, String(times)); // unshortened, the seventh would come at 63
  for (const [index, at] of before.entries()) {
    const wait = (before[index + 1] ?? at) - at;
    assert.ok(wait <= Math.max(1, (60 - at) / 2), String(times));
  }
  const waits = times.slice(before.length).map((at, index, all) => (all[index + 1] ?? at) - at);
  assert.deepEqual(waits.slice(0, 2), [32, 64]);
});

test('the round knows when it will be repeated', async () => {
  const promised: number[] = [];
  const { queue, clock, rounds } = startQueue(
    async (_key, _isGivenUp, nextAttemptAt) => {
      promised.push(nextAttemptAt);
      return { next: 'retry' };
    },
    { random: randomNumbers(1) },
  );
  queue.add('a', { priority: 'new' });
  await clock.advance(10 * MINUTE_MS);
  for (const [index, [, at]] of rounds.slice(1).entries()) {
    assert.ok(Math.abs(at - (promised[index] ?? 0)) <= 1);
  }
});

test('a change of a key ends its back-off, a resync does not', async () => {
  const { queue, clock, rounds } = startQueue(async () => ({ next: 'retry' }));
  queue.add('a', { priority: 'new' });
  await clock.advance(100_000);
  const before = rounds.length;
  queue.add('a', { priority: 'resync' });
  await clock.settle();
  assert.equal(rounds.length, before + 1);
  await clock.advance(3_000);
  assert.equal(rounds.length, before + 1);
  queue.add('a', { priority: 'changed' });
  await clock.advance(1_000);
  assert.equal(rounds.length, before + 3); // at once, and 1 s after its failure
});

test('Retry-After makes the wait longer', async () => {
  const { queue, clock, rounds } = startQueue(async () =>
    rounds.length === 1 ? { next: 'retry', after: 20_000 } : { next: 'forget' },
  );
  queue.add('a', { priority: 'new' });
  await clock.advance(30_000);
  assert.deepEqual(rounds, [
    ['a', 0],
    ['a', 20_000],
  ]);
});

test('an error of a round is reported, the round is repeated, and no other key is delayed', async () => {
  const { queue, clock, rounds, errors } = startQueue(
    async (key) => {
      if (key === 'bad') throw new Error('a bug');
      return { next: 'forget' };
    },
    { workers: 1 },
  );
  queue.add('bad', { priority: 'new' });
  queue.add('good', { priority: 'new' });
  await clock.settle();
  assert.deepEqual(
    rounds.map(([key]) => key),
    ['bad', 'good'],
  );
  assert.equal(errors.length, 1);
  await clock.advance(1_000);
  assert.equal(errors.length, 2);
});

test('a forgotten key has no wake-up, no back-off and no place in the queue', async () => {
  const { queue, clock, rounds } = startQueue(async (key) => ({ next: key === 'wait' ? 'wait' : 'retry' }));
  queue.add('wait', { priority: 'new' });
  queue.add('retry', { priority: 'new' });
  await clock.settle();
  queue.add('waiting', { priority: 'new' });
  for (const key of ['wait', 'retry', 'waiting']) queue.forget(key);
  rounds.length = 0;
  await clock.advance(60 * MINUTE_MS);
  assert.deepEqual(rounds, []);
});

test('10,000 keys need one timer and are processed 32 at a time', async () => {
  let [active, most] = [0, 0];
  const { queue, clock, rounds } = startQueue(async () => {
    active += 1;
    most = Math.max(most, active);
    await Promise.resolve();
    active -= 1;
    return { next: 'wait', dueAt: clock.now() + 300_000 };
  });
  for (let i = 0; i < 10_000; i += 1) queue.add(`key-${i}`, { priority: 'resync' });
  let turns = 0;
  for (; rounds.length < 10_000; turns += 1) await clock.settle();
  assert.ok(turns > 100, `others got the event loop ${turns} times only`);
  assert.equal(most, 32);
  assert.equal(clock.pending(), 1);
});

test('a key that needs no round gets one on request, and always within ten minutes', async () => {
  const { queue, clock, rounds } = startQueue();
  queue.wakeAsAfterRound('soon', { next: 'wait', dueAt: 5_000 });
  queue.wakeAsAfterRound('past', { next: 'wait', dueAt: -1 });
  queue.wakeAsAfterRound('late', { next: 'wait', dueAt: 24 * 60 * MINUTE_MS });
  queue.wakeAsAfterRound('never', { next: 'wait' });
  assert.equal(queue.depth(), 0);
  await clock.advance(4_000);
  assert.deepEqual(rounds, [['past', 1_000]], 'no plan makes a hot loop');
  await clock.advance(10 * MINUTE_MS);
  assert.deepEqual(
    rounds.slice(1).map(([key]) => key),
    ['soon', 'late', 'never'],
  );
});

test('only a key without a request meanwhile is put to rest', async () => {
  const { queue, clock, rounds } = startQueue(async () => {
    await clock.sleep(100);
    return { next: 'forget' };
  });
  queue.add('a', { priority: 'changed' });
  queue.wakeAsAfterRound('a', { next: 'wait', dueAt: 5_000 });
  await clock.advance(50);
  queue.wakeAsAfterRound('a', { next: 'wait', dueAt: 5_000 });
  await clock.advance(10 * MINUTE_MS);
  assert.deepEqual(rounds, [['a', 0]], 'its round decided about the next one');
});
