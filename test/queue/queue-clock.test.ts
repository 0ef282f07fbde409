import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { makeQueue, startQueue } from './noted-queue.ts';

const MINUTE_MS = 60_000;

/** A queue with a key whose first round plans another one at each of these times. */
async function plan(...times: number[]) {
  const started = startQueue(async () => {
    const dueAt = times.shift();
    return dueAt === undefined ? { next: 'forget' } : { next: 'wait', dueAt };
  });
  started.queue.add('a', { priority: 'new' });
  await started.clock.settle();
  started.rounds.length = 0;
  return started;
}

test('a wake-up is found within a minute after the wall clock jumped over it', async () => {
  const { clock, rounds } = await plan(60 * MINUTE_MS);
  await clock.advance(10_000);
  clock.jump(120 * MINUTE_MS);
  await clock.advance(MINUTE_MS);
  assert.equal(rounds.length, 1);
});

test('a wake-up waits for its wall-clock time if that clock was set back by seconds', async () => {
  const { clock, rounds } = await plan(8 * MINUTE_MS);
  clock.jump(-59_000);
  await clock.advance(8 * MINUTE_MS);
  assert.deepEqual(rounds, []);
  await clock.advance(MINUTE_MS);
  assert.deepEqual(rounds, [['a', 8 * MINUTE_MS]]);
});

test('a key that was planned by a wrong clock gets one round within a minute after the clock was set back', async () => {
  const { clock, rounds } = await plan(10 * MINUTE_MS, 4 * MINUTE_MS);
  await clock.advance(2.5 * MINUTE_MS);
  clock.jump(-2 * MINUTE_MS);
  await clock.advance(MINUTE_MS);
  assert.deepEqual(rounds, [['a', MINUTE_MS]]);
  await clock.advance(5 * MINUTE_MS);
  assert.deepEqual(rounds.slice(1), [['a', 4 * MINUTE_MS]]);
});

test('a key without a plan also gets a round after the clock was set back', async () => {
  const { queue, clock, rounds } = startQueue(async () => ({ next: 'wait' }));
  queue.add('a', { priority: 'new' });
  await clock.advance(3 * MINUTE_MS);
  assert.equal(rounds.length, 1);
  clock.jump(-2 * MINUTE_MS);
  await clock.advance(MINUTE_MS);
  assert.equal(rounds.length, 2);
});

test('a key that was planned before the start gets a round if the clock was set back until then', async () => {
  const { queue, clock, rounds } = makeQueue(async () => ({ next: 'forget' }));
  queue.wakeAsAfterRound('a', { next: 'wait' });
  clock.jump(-2 * MINUTE_MS);
  queue.start();
  await clock.settle();
  assert.deepEqual(rounds, [['a', -2 * MINUTE_MS]]);
});

test('a round that is running while the clock is set back is repeated', async () => {
  const { queue, clock, rounds } = startQueue(async () => {
    await clock.sleep(1_000);
    return { next: 'forget' };
  });
  queue.add('a', { priority: 'new' });
  await clock.advance(500);
  clock.jump(-2 * MINUTE_MS);
  queue.add('b', { priority: 'new' });
  await clock.advance(5_000);
  assert.deepEqual(
    rounds.map(([key]) => key),
    ['a', 'b', 'a'],
  );
});

test('a key that becomes due ends its back-off, and otherwise back-offs are not shortened', async () => {
  for (const [dueAt, second] of [
    [70_000, 70_000],
    [-1, 1_000],
    [20 * MINUTE_MS, 9 * MINUTE_MS],
    [Number.NaN, 9 * MINUTE_MS],
  ] as const) {
    const { queue, clock, rounds } = startQueue(
      async () => ({ next: 'retry', after: 9 * MINUTE_MS, dueAt }),
      { random: () => 0.99 },
    );
    queue.add('a', { priority: 'new' });
    await clock.advanceUntil(() => rounds.length > 1, 9 * MINUTE_MS + 1);
    assert.equal(rounds[1]?.[1], second, `due at ${dueAt}`);
    await queue.stop();
  }
});

test('keys for which nothing is planned are looked at together, once a second', async () => {
  const { queue, clock, rounds } = startQueue(async () => ({ next: 'wait' }), { random: randomNumbers(1) });
  // About nine in a second: with more than 32 the others would come a moment later.
  for (let each = 0; each < 500; each += 1) queue.add(`ns/${each}`, { priority: 'new' });
  for (let turn = 0; rounds.length < 500 && turn < 50; turn += 1) await clock.settle();
  await clock.advance(9 * MINUTE_MS);
  const looks = rounds.slice(500);
  assert.equal(new Set(looks.map(([key]) => key)).size, 500);
  assert.ok(looks.every(([, at]) => at % 1_000 === 0));
});

test('a key that needs nothing is checked in time, but gets no round', async () => {
  const looks: [string, number][] = [];
  const needs = new Set(['ns/changed']);
  const { queue, clock, rounds } = startQueue(async () => ({ next: 'wait' }), {
    random: randomNumbers(1),
    skip: (key) => {
      looks.push([key, clock.now()]);
      return needs.has(key) ? undefined : { next: 'wait', dueAt: 100 * MINUTE_MS };
    },
  });
  for (const key of ['ns/healthy', 'ns/changed']) queue.wakeAsAfterRound(key, { next: 'wait' });
  await clock.advance(60 * MINUTE_MS);
  const healthy = looks.filter(([key]) => key === 'ns/healthy').map(([, at]) => at);
  for (const [index, at] of healthy.entries())
    assert.ok(at - (healthy[index - 1] ?? 0) <= 9 * MINUTE_MS, String(healthy));
  assert.ok(healthy.length >= 6);
  assert.deepEqual(new Set(rounds.map(([key]) => key)), new Set(['ns/changed']));
  await clock.advance(41 * MINUTE_MS);
  assert.deepEqual(
    rounds.find(([key]) => key === 'ns/healthy'),
    ['ns/healthy', 100 * MINUTE_MS],
    'it became due',
  );
});

test('the first looks at keys that were there at the start are spread over the longest wait', async () => {
  const looks: number[] = [];
  const { queue, clock } = startQueue(undefined, {
    random: randomNumbers(1),
    skip: () => {
      looks.push(clock.now());
      return { next: 'wait' };
    },
  });
  for (let each = 0; each < 1_000; each += 1) queue.wakeAsAfterRound(`ns/${each}`, { next: 'wait' });
  await clock.advance(9 * MINUTE_MS);
  const most = Math.max(
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map(
      (minute) => looks.filter((at) => Math.floor(at / MINUTE_MS) === minute).length,
    ),
  );
  assert.ok(looks.length >= 1_000);
  assert.ok(most < 250, `${most} looks in one minute`);
});

test('after a suspension all keys are checked soon, a few in each turn of the event loop', async () => {
  const looks: number[] = [];
  const { queue, clock, rounds } = startQueue(async () => ({ next: 'forget' }), {
    random: randomNumbers(1),
    skip: () => {
      looks.push(clock.now());
      return { next: 'wait' };
    },
  });
  for (let each = 0; each < 1_000; each += 1) queue.wakeAsAfterRound(`ns/${each}`, { next: 'wait' });
  queue.wakeAsAfterRound('ns/due', { next: 'wait', dueAt: 60 * MINUTE_MS });
  clock.jump(120 * MINUTE_MS);
  await clock.advance(MINUTE_MS);
  assert.deepEqual(
    rounds.map(([key]) => key),
    ['ns/due'],
  );
  assert.equal(looks.length, 1_000);
  const inOne = Math.max(...looks.map((at) => looks.filter((other) => other === at).length));
  assert.ok(inOne <= 32, `${inOne} in one turn`);
});

test('a key that was slow is a quick one again once it needed nothing', async () => {
  const begun: string[] = [];
  let isSlow = true;
  const { queue, clock } = startQueue(
    async (key) => {
      begun.push(key);
      await clock.sleep(isSlow ? 2_000 : 20_000);
      return { next: 'wait' };
    },
    { workers: 8, skip: () => ({ next: 'wait' }) },
  );
  for (let each = 0; each < 8; each += 1) queue.add(`ns-${each}/a`, { priority: 'new' });
  await clock.advance(11 * MINUTE_MS);
  isSlow = false;
  begun.length = 0;
  for (let each = 0; each < 8; each += 1) queue.add(`ns-${each}/a`, { priority: 'due' });
  await clock.settle();
  assert.equal(begun.length, 8, 'all workers are for keys that are quick');
  const stopping = queue.stop();
  await clock.advance(MINUTE_MS);
  await stopping;
});
