import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RoundResult } from '../../src/queue/work.ts';
import { startQueue } from './noted-queue.ts';

const SECOND_MS = 1_000;
const HEALTHY = 10;
/** A healthy JWT is due this long after its last renewal. */
const EVERY_MS = 30 * SECOND_MS;
const OUTAGE_BEGINS_MS = 120 * SECOND_MS;
/** The back-off after the last failed try in an outage of a minute. */
const BACKOFF_MS = 70 * SECOND_MS;

/** Ten healthy JWTs of one namespace beside many that fail. */
interface Story {
  readonly workers: number;
  readonly hostile: number;
  readonly namespaces: number;
  /** A round of a hostile JWT takes half of this to one and a half times this. */
  readonly takesMs: number;
  /** For this time every round fails, after 6 s. */
  readonly outageMs: number;
}

/** How late each renewal of a healthy JWT was that did not fail, in milliseconds; also the one that is still to come. */
async function lateness(story: Story): Promise<readonly number[]> {
  const { workers, hostile, namespaces, takesMs, outageMs } = story;
  let seed = 1;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const late: number[] = [];
  const dueAt = new Map<string, number>();
  const isOut = (now: number): boolean => now >= OUTAGE_BEGINS_MS && now < OUTAGE_BEGINS_MS + outageMs;
  const { queue, clock } = startQueue(
    async (key): Promise<RoundResult> => {
      const begunAt = clock.now();
      if (!key.startsWith('healthy/')) {
        await clock.sleep(takesMs * (0.5 + random()));
        return { next: 'retry' };
      }
      await clock.sleep(isOut(begunAt) ? 6 * SECOND_MS : 50);
      if (isOut(begunAt)) return { next: 'retry' };
      late.push(begunAt - (dueAt.get(key) ?? begunAt));
      const due = clock.now() + EVERY_MS;
      dueAt.set(key, due);
      return { next: 'wait', dueAt: due, expiresAt: due + EVERY_MS };
    },
    { workers, random },
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

describe('ten healthy JWTs beside many that fail, whose tokens have expired', () => {
  const stories = fc.record({
    workers: fc.constantFrom(4, 8, 32),
    hostile: fc.constantFrom(300, 1_000),
    namespaces: fc.constantFrom(1, 20, 50),
    takesMs: fc.constantFrom(0, 4_000, 10_000),
    outageMs: fc.constantFrom(0, 10_000, 60_000),
  });

  it('are renewed soon after an outage, in which they failed, too', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (story) => {
        const latest = Math.max(...(await lateness(story)));
        const most = story.outageMs === 0 ? SECOND_MS : BACKOFF_MS + 30 * SECOND_MS;
        assert.ok(latest <= most, `${latest / SECOND_MS} s late`);
      }),
      {
        numRuns: 20,
        examples: [[{ workers: 32, hostile: 1_000, namespaces: 50, takesMs: 10_000, outageMs: 60_000 }]],
      },
    );
  });
});
