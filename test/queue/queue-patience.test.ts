import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startQueue } from './noted-queue.ts';

describe('a key waits for its turn although more urgent ones come without end', () => {
  for (const [priority, patienceMs] of [
    ['due', 30_000],
    ['new', 300_000],
    ['changed', 300_000],
    ['resync', 10_000],
  ] as const)
    it(`${patienceMs / 1_000} s and a few rounds if its priority is ${priority}`, async () => {
      let [count, begunAt] = [0, Number.POSITIVE_INFINITY];
      const addUrgent = (): void => {
        count += 1;
        queue.add(`ns/urgent-${count}`, { priority: 'due', expiresAt: 1 });
      };
      const { queue, clock } = startQueue(
        async (key) => {
          if (key === 'ns/a') begunAt = clock.monotonic();
          else addUrgent();
          await clock.sleep(900);
          return { next: 'forget' };
        },
        { workers: 1 },
      );
      for (let each = 0; each < 3; each += 1) addUrgent();
      await clock.advance(5_000);
      const addedAt = clock.monotonic();
      queue.add('ns/a', { priority });
      await clock.advance(patienceMs + 10_000);
      assert.ok(begunAt >= addedAt + patienceMs, `it began after ${begunAt - addedAt} ms`);
      assert.ok(begunAt <= addedAt + patienceMs + 8_000, `it began after ${begunAt - addedAt} ms`);
      const stopping = queue.stop();
      await clock.advance(5_000);
      await stopping;
    });
});

it('a key that waits for a worker gets its round although it is found to need nothing meanwhile', async () => {
  const { queue, clock, rounds } = startQueue(
    async (key) => {
      if (key === 'ns/busy') await clock.sleep(60_000);
      return { next: key === 'ns/busy' ? 'forget' : 'wait' };
    },
    { workers: 1, skip: () => ({ next: 'wait' }) },
  );
  queue.add('ns/a', { priority: 'new' });
  await clock.advance(530_000);
  queue.add('ns/busy', { priority: 'new' });
  await clock.advance(1_000);
  queue.add('ns/a', { priority: 'changed' });
  await clock.advance(100_000);
  assert.deepEqual(
    rounds.map(([key]) => key),
    ['ns/a', 'ns/busy', 'ns/a'],
  );
  await queue.stop();
});

it('a key that is asked for again and again waits no longer for its turn', async () => {
  let [count, begunAt] = [0, Number.POSITIVE_INFINITY];
  const addUrgent = (): void => {
    count += 1;
    queue.add(`ns/urgent-${count}`, { priority: 'due', expiresAt: 1 });
  };
  const { queue, clock } = startQueue(
    async (key) => {
      if (key === 'ns/a') begunAt = Math.min(begunAt, clock.monotonic());
      else addUrgent();
      await clock.sleep(900);
      return { next: 'forget' };
    },
    { workers: 1 },
  );
  for (let each = 0; each < 3; each += 1) addUrgent();
  for (let each = 0; each < 30; each += 1) {
    queue.add('ns/a', { priority: 'resync' });
    await clock.advance(1_000);
  }
  assert.ok(begunAt <= 18_000, `it began after ${begunAt} ms`);
  const stopping = queue.stop();
  await clock.advance(5_000);
  await stopping;
});
