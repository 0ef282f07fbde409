import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RoundResult } from '../../src/queue/work.ts';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';

const SECOND_MS = 1_000;
const HEALTHY = 10;
/** A healthy JWT is due this long after its last renewal. */
const EVERY_MS = 30 * SECOND_MS;
/** Until then each hostile JWT has failed once: before, nobody can know. */
const OUTAGE_BEGINS_MS = 300 * SECOND_MS;
/** Hostile JWTs that had tokens fail from then on, each when its token is due. */
const TOKENS_END_MS = 180 * SECOND_MS;
/** The back-off after the last failed try in an outage of a minute. */
const BACKOFF_MS = 70 * SECOND_MS;

/** Ten healthy JWTs of one namespace beside many that fail. */
interface Story {
  readonly workers: number;
  readonly hostile: number;
  readonly namespaces: number;
  /** Whether the hostile ones had tokens, so that their renewals are due; otherwise each round failed. */
  readonly hadTokens: boolean;
  /** A failing round of a hostile JWT takes half of this to one and a half times this. */
  readonly takesMs: number;
  /** For this time every round fails, after 6 s. */
  readonly outageMs: number;
}

/**
 * How late each renewal of a healthy JWT was that did not fail, from the outage on, in milliseconds; also the one that is still
 * to come.
 */
async function lateness(story: Story): Promise<readonly number[]> {
  const { workers, hostile, namespaces, hadTokens, takesMs, outageMs } = story;
  const random = randomNumbers(1);
  const late: number[] = [];
  const dueAt = new Map<string, number>();
  const isOut = (now: number): boolean => now >= OUTAGE_BEGINS_MS && now < OUTAGE_BEGINS_MS + outageMs;
  const { queue, clock } = startQueue(
    async (key): Promise<RoundResult> => {
      const begunAt = clock.now();
      const isHealthy = key.startsWith('healthy/');
      if (!isHealthy && !(hadTokens && begunAt < TOKENS_END_MS)) {
        await clock.sleep(Math.round(takesMs * (0.5 + random())));
        return { next: 'retry' };
      }
      await clock.sleep(isOut(begunAt) ? 6 * SECOND_MS : 50);
      if (isOut(begunAt)) return { next: 'retry' };
      const due = clock.now() + EVERY_MS;
      if (isHealthy && begunAt >= OUTAGE_BEGINS_MS) late.push(begunAt - (dueAt.get(key) ?? begunAt));
      if (isHealthy) dueAt.set(key, due);
      return { next: 'wait', dueAt: due, expiresAt: due + EVERY_MS };
    },
    { workers },
  );
  for (let each = 0; each < HEALTHY; each += 1) queue.add(`healthy/${each}`, { priority: 'new' });
  await clock.advance(5 * SECOND_MS);
  for (let each = 0; each < hostile; each += 1)
    queue.add(`hostile-${each % namespaces}/${each}`, { priority: 'new', expiresAt: 1 });
  await clock.advance(OUTAGE_BEGINS_MS + outageMs + 6 * 60 * SECOND_MS);
  for (const due of dueAt.values()) late.push(clock.now() - due);
  const stopping = queue.stop();
  await clock.advance(20 * SECOND_MS);
  await stopping;
  return late;
}

describe('ten healthy JWTs beside many that fail', () => {
  const stories = fc.record({
    hostile: fc.constantFrom(300, 1_000),
    namespaces: fc.constantFrom(1, 20, 50),
    takesMs: fc.constantFrom(0, 4_000, 10_000),
    outageMs: fc.constantFrom(0, 10_000, 60_000),
  });
  const worst = { hostile: 1_000, namespaces: 50, takesMs: 10_000, outageMs: 60_000 };

  for (const [title, hadTokens, workerCounts] of [
    ['and never had a token', false, [4, 8, 32]],
    ['and whose renewals are due', true, [32]],
  ] as const)
    it(`${title}: are renewed soon after an outage, in which they failed, too`, async () => {
      const workers = fc.constantFrom(...workerCounts);
      await fc.assert(
        fc.asyncProperty(stories, workers, async (story, count) => {
          const latest = Math.max(...(await lateness({ ...story, hadTokens, workers: count })));
          const most = story.outageMs === 0 ? SECOND_MS : BACKOFF_MS + 30 * SECOND_MS;
          assert.ok(latest <= most, `${latest / SECOND_MS} s late`);
        }),
        { numRuns: 8, examples: [[worst, 32]] },
      );
    });
});
