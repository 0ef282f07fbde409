import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RoundResult } from '../../src/queue/work.ts';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const EVERY_MS = 30 * SECOND_MS;
/** Everything has long become slow when something happens to the others. */
const HAPPENS_MS = 10 * MINUTE_MS;
const LOOK_MS = 10 * MINUTE_MS;
/** Five JWTs of one namespace, which are renewed each minute. */
const FEW = 5;

/** What happens to each JWT of namespaces that have one. `idle`: its rounds are slow, and nothing is due. */
type Fate = 'fails once' | 'fails always' | 'is new and fails once' | 'is idle';

/** Namespaces whose JWTs are due again and again, beside others; each round is slow. */
interface Story {
  readonly workers: number;
  readonly namespaces: number;
  readonly jwts: number;
  readonly roundMs: number;
  readonly fate: Fate;
  /** Namespaces with one JWT each that has this fate. */
  readonly singles: number;
}

interface Seen {
  /** The longest time without a look at one of the singles, from the moment of its fate on. */
  readonly withoutLook: number;
  /** How late the latest renewal of the few ended. */
  readonly late: number;
  /** Renewals of the crowd in a minute, at last. */
  readonly perMinute: number;
}

async function watch({ workers, namespaces, jwts, roundMs, fate, singles }: Story): Promise<Seen> {
  const random = randomNumbers(1);
  let isSlow = false;
  let happened = Number.POSITIVE_INFINITY;
  const failed = new Set<string>();
  const looks = new Map<string, number>();
  const dueAt = new Map<string, number>();
  const seen = { withoutLook: 0, late: 0, perMinute: 0 };
  const renewed = (everyMs: number): RoundResult => {
    const due = clock.now() + everyMs;
    return { next: 'wait', dueAt: due, expiresAt: due + EVERY_MS };
  };
  const lookAt = (key: string): void => {
    const before = looks.get(key);
    if (before !== undefined) seen.withoutLook = Math.max(seen.withoutLook, clock.now() - before);
    if (clock.now() >= happened || fate === 'is idle') looks.set(key, clock.now());
  };
  const { queue, clock } = startQueue(
    async (key) => {
      const begunAt = clock.now();
      if (key.startsWith('single-')) lookAt(key);
      await clock.sleep(isSlow ? roundMs * (0.7 + 0.6 * random()) : 20);
      if (key.startsWith('single-')) {
        if (fate === 'is idle') return { next: 'wait' };
        const fails = begunAt >= happened && (fate === 'fails always' || !failed.has(key));
        if (fails) failed.add(key);
        return fails ? { next: 'retry' } : renewed(EVERY_MS);
      }
      if (key.startsWith('few/')) {
        seen.late = Math.max(seen.late, clock.now() - (dueAt.get(key) ?? clock.now()));
        dueAt.set(key, clock.now() + MINUTE_MS);
        return renewed(MINUTE_MS);
      }
      if (begunAt >= happened + 10 * MINUTE_MS) seen.perMinute += 1 / 15;
      return renewed(EVERY_MS);
    },
    { random, workers },
  );
  const add = (prefix: string, count: number): void => {
    for (let each = 0; each < count; each += 1) queue.add(`${prefix}${each}`, { priority: 'new' });
  };
  add('few/', FEW);
  for (let each = 0; each < jwts; each += 1)
    queue.add(`many-${each % namespaces}/${each}`, { priority: 'new' });
  const addSingles = (): void => {
    for (let each = 0; each < singles; each += 1) queue.add(`single-${each}/a`, { priority: 'new' });
  };
  if (fate !== 'is new and fails once') addSingles();
  await clock.advance(MINUTE_MS);
  isSlow = true;
  await clock.advance(HAPPENS_MS);
  happened = clock.now();
  if (fate === 'is new and fails once') addSingles();
  await clock.advance(25 * MINUTE_MS);
  for (const at of looks.values()) seen.withoutLook = Math.max(seen.withoutLook, clock.now() - at);
  if (looks.size < singles) seen.withoutLook = Number.POSITIVE_INFINITY;
  const stopping = queue.stop();
  await clock.advance(20 * SECOND_MS);
  await stopping;
  return seen;
}

describe('beside namespaces whose renewals are slow, and more than can be made', () => {
  const stories = fc.record({
    workers: fc.constantFrom(1, 2, 4, 8, 16, 32, 32, 32),
    namespaces: fc.constantFrom(1, 2, 3, 4, 8, 16),
    jwts: fc.constantFrom(200, 400, 700),
    roundMs: fc.integer({ min: 1_100, max: 4_000 }),
    fate: fc.constantFrom<Fate>('fails once', 'fails always', 'is new and fails once', 'is idle'),
    singles: fc.constantFrom(1, 1, 5),
  });
  const base = { workers: 32, namespaces: 1, jwts: 200, roundMs: 3_000, singles: 1 };
  const examples: Story[] = [
    { ...base, fate: 'fails once' },
    { ...base, fate: 'fails once', workers: 8, namespaces: 3 },
    { ...base, fate: 'is new and fails once', namespaces: 8, jwts: 480, roundMs: 1_600 },
    { ...base, fate: 'is idle', namespaces: 8, jwts: 480 },
    { ...base, fate: 'fails always', roundMs: 4_000 },
    { ...base, fate: 'fails always', roundMs: 4_000, jwts: 700, singles: 5 },
  ];
  /** One or two workers need a minute for five looks that are over at the same time. */
  const areFew = ({ workers, singles }: Story): boolean => workers > 2 || singles === 1;
  /** Whether a fair share of 32 workers is as much as the few need. */
  const isEnough = ({ workers, namespaces, roundMs, singles }: Story): boolean =>
    workers === 32 && (namespaces + singles) * roundMs <= 24_000;

  it('one that fails, is new or needs nothing gets its next look, and the few of others are renewed in time', async () => {
    await fc.assert(
      fc.asyncProperty(stories.filter(areFew), async (story) => {
        const { withoutLook, late } = await watch(story);
        assert.ok(withoutLook <= LOOK_MS, `${withoutLook} ms without a look`);
        if (isEnough(story)) assert.ok(late <= 20 * SECOND_MS, `the few ${late} ms late`);
      }),
      { numRuns: 18, examples: examples.map((each) => [each] as [Story]) },
    );
  });

  it('a single namespace has half of the workers, if fewer make no round quicker', async () => {
    const { perMinute } = await watch({ ...base, fate: 'is idle' });
    assert.ok(perMinute >= 300, `${perMinute} renewals a minute, of 320`);
  });
});
