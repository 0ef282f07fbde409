import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';

const SECOND_MS = 1_000;
const EVERY_MS = 30 * SECOND_MS;
const HOUR_MS = 3_600 * SECOND_MS;

/** Ten JWTs of one namespace beside those of others, all renewed each half minute if workers are free. */
interface Story {
  readonly others: number;
  readonly jwtsOfEach: number;
  readonly roundMs: number;
  /** Namespaces with one JWT that needs nothing. Before the others come, the ten are renewed for an hour beside them. */
  readonly idle: number;
}

/** How late the latest renewal of the ten ended, in milliseconds. */
async function lateness({ others, jwtsOfEach, roundMs, idle }: Story): Promise<number> {
  const random = randomNumbers(1);
  let isCrowded = false;
  const dueAt = new Map<string, number>();
  let latest = 0;
  const { queue, clock } = startQueue(
    async (key) => {
      await clock.sleep(isCrowded ? roundMs * (0.5 + random()) : 20);
      if (key.startsWith('idle-')) return { next: 'wait' };
      if (key.startsWith('few/')) latest = Math.max(latest, clock.now() - (dueAt.get(key) ?? clock.now()));
      const next = clock.now() + EVERY_MS;
      dueAt.set(key, next);
      return { next: 'wait', dueAt: next, expiresAt: next + EVERY_MS };
    },
    { random },
  );
  for (let each = 0; each < 10; each += 1) queue.add(`few/${each}`, { priority: 'new' });
  for (let each = 0; each < idle; each += 1) queue.add(`idle-${each}/a`, { priority: 'new' });
  await clock.advance(idle === 0 ? 10 * SECOND_MS : HOUR_MS);
  isCrowded = true;
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
    idle: fc.constantFrom(0, 0, 100),
  });
  /** Whether a fair share is as much as the ten need. */
  const isPossible = ({ others, roundMs }: Story): boolean => others * roundMs <= 24_000;
  /** The number of namespaces and the length of rounds are those beside all hostile clients at the same time. */
  const worst = { others: 16, jwtsOfEach: 200, roundMs: 1_500, idle: 0 };
  /** After an hour in which one namespace was served more than others, it is in debt to nobody. */
  const late = { others: 1, jwtsOfEach: 600, roundMs: 3_000, idle: 100 };

  it('hardly delay the few of others', async () => {
    await fc.assert(
      fc.asyncProperty(stories.filter(isPossible), async (story) => {
        const latest = await lateness(story);
        assert.ok(latest <= 20 * SECOND_MS, `${latest} ms late`);
      }),
      { numRuns: 12, examples: [[worst], [late]] },
    );
  });
});

it('of 10,000 JWTs in 100 namespaces that all change, the soonest to expire are first', async () => {
  const random = randomNumbers(1);
  const expiries = new Map<string, number>();
  for (let each = 0; each < 10_000; each += 1)
    expiries.set(`ns-${each % 100}/${each}`, (1 + random()) * 1_000 * HOUR_MS);
  const begun: number[] = [];
  let isChanged = false;
  const { queue, clock } = startQueue(async (key) => {
    const expiresAt = expiries.get(key);
    if (isChanged && expiresAt !== undefined) begun.push(expiresAt);
    await clock.sleep(60);
    return { next: 'wait', expiresAt };
  });
  for (const key of expiries.keys()) queue.add(key, { priority: 'new' });
  await clock.advance(120 * SECOND_MS);
  isChanged = true;
  for (const [key, expiresAt] of expiries) queue.add(key, { priority: 'changed', expiresAt });
  await clock.advance(120 * SECOND_MS);
  assert.equal(begun.length, 10_000);
  const places = new Map(begun.toSorted((a, b) => a - b).map((expiresAt, place) => [expiresAt, place]));
  const astray = begun.filter((expiresAt, index) => Math.abs((places.get(expiresAt) ?? 0) - index) > 64);
  assert.ok(astray.length <= 32, `${astray.length} were not in order`);
});
