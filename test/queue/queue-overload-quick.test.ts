import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const EVERY_MS = 30 * SECOND_MS;
const SLOW_MS = 10 * SECOND_MS;
const QUICK_MS = 20;
/** Slow JWTs of one namespace for each worker, of which three could be renewed in time. */
const CROWD_EACH = 12;
/** Slow JWTs of another namespace, renewed each minute. */
const FEW = 2;

interface Story {
  readonly workers: number;
  /** Namespaces with quick rounds, for which there is always time. */
  readonly namespaces: number;
  /** Quick rounds of all these in a second. */
  readonly quickEachSecond: number;
  /** Whether each of these has slow renewals that wait, too. */
  readonly hasSlow: boolean;
}

/** How late the latest renewal of the few ended, in milliseconds. */
async function lateness({ workers, namespaces, quickEachSecond, hasSlow }: Story): Promise<number> {
  const random = randomNumbers(1);
  let isSlow = false;
  let latest = 0;
  const dueAt = new Map<string, number>();
  const { queue, clock } = startQueue(
    async (key) => {
      const isQuick = key.startsWith('quick-') && !key.includes('/slow-');
      await clock.sleep(isSlow && !isQuick ? SLOW_MS * (0.7 + 0.6 * random()) : QUICK_MS);
      const due = clock.now() + (key.startsWith('few/') ? MINUTE_MS : EVERY_MS);
      if (key.startsWith('few/')) latest = Math.max(latest, clock.now() - (dueAt.get(key) ?? clock.now()));
      dueAt.set(key, due);
      return { next: 'wait', dueAt: due, expiresAt: due + MINUTE_MS };
    },
    { random, workers },
  );
  const add = (prefix: string, count: number): void => {
    for (let each = 0; each < count; each += 1) queue.add(`${prefix}${each}`, { priority: 'new' });
  };
  add('few/', FEW);
  add('many/', CROWD_EACH * workers);
  for (let each = 0; each < namespaces; each += 1) {
    add(`quick-${each}/`, (quickEachSecond * EVERY_MS) / SECOND_MS / namespaces);
    if (hasSlow) add(`quick-${each}/slow-`, 2);
  }
  await clock.advance(MINUTE_MS);
  isSlow = true;
  await clock.advance(15 * MINUTE_MS);
  const stopping = queue.stop();
  await clock.advance(20 * SECOND_MS);
  await stopping;
  return latest;
}

describe('a namespace whose renewals are slow, and more than can be made', () => {
  for (const [workers, quickEachSecond] of [
    [1, 4],
    [2, 20],
    [4, 20],
    [8, 20],
    [32, 20],
  ] as const)
    for (const hasSlow of [false, true])
      it(`hardly delays the few of others beside quick ${hasSlow ? 'and slow ' : ''}rounds of ${workers} workers`, async () => {
        const latest = await lateness({ workers, namespaces: 1, quickEachSecond, hasSlow });
        /** One or two of up to four workers are for what is slow: both of the few can be due when a long round has begun. */
        const most = (workers > 4 ? 25 : 45) * SECOND_MS;
        assert.ok(latest <= most, `${latest} ms late`);
      });

  it('hardly delays them beside many namespaces that have quick rounds and slow ones', async () => {
    const latest = await lateness({ workers: 8, namespaces: 20, quickEachSecond: 20, hasSlow: true });
    assert.ok(latest <= 25 * SECOND_MS, `${latest} ms late`);
  });
});
