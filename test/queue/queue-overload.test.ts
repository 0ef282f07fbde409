import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { startQueue } from './noted-queue.ts';

const SECOND_MS = 1_000;
const EVERY_MS = 30 * SECOND_MS;

/** Ten JWTs of one namespace beside those of others, all renewed each half minute if workers are free. */
interface Story {
  readonly others: number;
  readonly jwtsOfEach: number;
  readonly roundMs: number;
}

/** How late the latest renewal of the ten ended, in milliseconds. */
async function lateness({ others, jwtsOfEach, roundMs }: Story): Promise<number> {
  const dueAt = new Map<string, number>();
  let latest = 0;
  const { queue, clock } = startQueue(
    async (key) => {
      await clock.sleep(roundMs * (0.5 + Math.random()));
      if (key.startsWith('few/')) latest = Math.max(latest, clock.now() - (dueAt.get(key) ?? clock.now()));
      const next = clock.now() + EVERY_MS;
      dueAt.set(key, next);
      return { next: 'wait', dueAt: next, expiresAt: next + EVERY_MS };
    },
    { random: Math.random },
  );
  for (let each = 0; each < 10; each += 1) queue.add(`few/${each}`, { priority: 'new' });
  await clock.advance(10 * SECOND_MS);
  for (let each = 0; each < others * jwtsOfEach; each += 1)
    queue.add(`many-${each % others}/${each}`, { priority: 'new', expiresAt: 1 });
  await clock.advance(600 * SECOND_MS);
  const stopping = queue.stop();
  await clock.advance(20 * SECOND_MS);
  await stopping;
  return latest;
}

describe('namespaces with more renewals than can be made', () => {
  const stories = fc.record({
    others: fc.constantFrom(1, 4, 8, 16),
    jwtsOfEach: fc.constantFrom(200, 600),
    roundMs: fc.constantFrom(600, 1_500, 3_000),
  });
  /** Whether a fair share is as much as the ten need. */
  const isPossible = ({ others, roundMs }: Story): boolean => others * roundMs <= 24_000;
  /** The number of namespaces and the length of rounds are those beside all hostile clients at the same time. */
  const worst = { others: 16, jwtsOfEach: 200, roundMs: 1_500 };

  it('hardly delay the few of others', async () => {
    await fc.assert(
      fc.asyncProperty(stories.filter(isPossible), async (story) => {
        const latest = await lateness(story);
        assert.ok(latest <= 20 * SECOND_MS, `${latest} ms late`);
      }),
      { numRuns: 12, examples: [[worst]] },
    );
  });
});
