import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { WorkQueue } from '../../src/queue/queue.ts';
import type { RoundResult } from '../../src/queue/work.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import { startQueue } from './noted-queue.ts';

const MINUTE_MS = 60_000;
/** New JWTs that wait at any time. */
const CROWD = 60;

/** New JWTs without end, and some others that had their first round. */
interface Story {
  readonly workers: number;
  readonly freshNamespaces: number;
  readonly freshMs: number;
  /** Rounds of each fresh key that fail before its author deletes it. */
  readonly freshFailures: number;
  /** Whether each fresh key is changed while it waits, and expires so soon that it would go before all others. */
  readonly isFreshUrgent: boolean;
  readonly known: readonly Round[];
  /** What all jitter is made of. */
  readonly random: number;
}

/** How long the rounds of a key take, and how they end. */
interface Round {
  readonly takesMs: number;
  readonly ends: 'fails' | 'asks to wait' | 'throws' | 'is done' | 'is due again';
  /** News about the key at this interval; `undefined`: none. */
  readonly changesEveryMs: number | undefined;
  /** At the start; `undefined`: it has no token. */
  readonly expiresInMs: number | undefined;
}

const knownRound: fc.Arbitrary<Round> = fc.record({
  takesMs: fc.constantFrom(0, 20, 300, 1_500, 5_000),
  ends: fc.constantFrom('fails', 'asks to wait', 'throws', 'is done', 'is due again'),
  changesEveryMs: fc.constantFrom(undefined, 7_000, 100_000, 500_000),
  expiresInMs: fc.constantFrom(undefined, -MINUTE_MS, MINUTE_MS, 1_000 * MINUTE_MS),
});
/** What fails without end has to be tried again without end: of that each namespace gets its share, so these are few. */
const stream = fc.oneof(
  fc.record({ freshNamespaces: fc.constantFrom(1, 3, 50), freshFailures: fc.constant(0) }),
  fc.record({ freshNamespaces: fc.constantFrom(1, 3), freshFailures: fc.constantFrom(1, 3) }),
);
const others = fc.record({
  workers: fc.constantFrom(1, 2, 3, 4, 8, 32),
  freshMs: fc.constantFrom(700, 1_200, 2_000),
  isFreshUrgent: fc.boolean(),
  known: fc.array(knownRound, { minLength: 1, maxLength: 4 }),
  random: fc.constantFrom(0, 0.5, 0.999),
});
const story: fc.Arbitrary<Story> = fc
  .tuple(stream, others)
  .map(([each, rest]) => Object.assign({}, each, rest));

/** A resync after the longest wait, and each turn of a single worker takes its time. */
const LATEST: Story = {
  workers: 1,
  freshNamespaces: 1,
  freshMs: 2_000,
  freshFailures: 1,
  isFreshUrgent: false,
  known: [
    { takesMs: 5_000, ends: 'is done', changesEveryMs: undefined, expiresInMs: undefined },
    { takesMs: 0, ends: 'fails', changesEveryMs: undefined, expiresInMs: undefined },
  ],
  random: 0,
};
/** Six are tried again after the longest wait that an API server can ask for. */
const LATEST_TRIES: Story = { ...LATEST, freshFailures: 0, known: waiting(6, undefined) };
/** News about all of them comes just before that wait is over. */
const LATEST_NEWS: Story = { ...LATEST, freshFailures: 0, known: waiting(4, 538_000) };

function waiting(count: number, changesEveryMs: number | undefined): readonly Round[] {
  return Array.from({ length: count }, () => ({
    takesMs: 5_000,
    ends: 'asks to wait',
    changesEveryMs,
    expiresInMs: undefined,
  }));
}

function resultOf(round: Round, clock: VirtualClock): RoundResult {
  switch (round.ends) {
    case 'fails':
      return { next: 'retry' };
    case 'asks to wait':
      return { next: 'retry', after: 540_000 };
    case 'throws':
      throw new Error('planned');
    case 'is done':
      return { next: 'wait', expiresAt: clock.now() + 1_000 * MINUTE_MS };
    case 'is due again':
      return { next: 'wait', dueAt: clock.now() + 30_000, expiresAt: clock.now() + MINUTE_MS };
    default:
      return round.ends satisfies never;
  }
}

/** Keeps new keys waiting; returns how the round of such a key ends, or `undefined` for another key. */
function keepFresh(
  { freshNamespaces, freshFailures, isFreshUrgent }: Story,
  queue: () => WorkQueue,
  clock: () => VirtualClock,
): { readonly begin: () => void; readonly end: (key: string) => RoundResult | undefined } {
  const failures = new Map<string, number>();
  let count = 0;
  const addOne = (): void => {
    count += 1;
    const key = `fresh-${count % freshNamespaces}/jwt-${count}`;
    failures.set(key, 0);
    const expiresAt = isFreshUrgent ? clock().now() + 1_000 : undefined;
    queue().add(key, { priority: 'new', expiresAt });
    if (isFreshUrgent) queue().add(key, { priority: 'changed', expiresAt });
  };
  return {
    begin: () => {
      for (let each = 0; each < CROWD; each += 1) addOne();
    },
    end: (key) => {
      const failed = failures.get(key);
      if (failed === undefined) return undefined;
      if (failed === 0) addOne();
      failures.set(key, failed + 1);
      if (failed < freshFailures) return { next: 'retry' };
      failures.delete(key);
      return { next: 'forget' };
    },
  };
}

/** The longest time that a known key waited for its next round, in milliseconds, and which it was. */
async function longestWait(each: Story, minutes: number): Promise<{ ms: number; key: string }> {
  const { workers, freshMs, known } = each;
  const begunAt = new Map<string, number>();
  const longest = { ms: 0, key: 'none' };
  const note = (key: string, now: number): void => {
    const ms = now - (begunAt.get(key) ?? now);
    if (ms > longest.ms) Object.assign(longest, { ms, key });
  };
  const rounds = new Map(known.map((round, index) => [`known/${index} ${round.ends}`, round]));
  const fresh = keepFresh(
    each,
    () => queue,
    () => clock,
  );
  const { queue, clock } = startQueue(
    async (key): Promise<RoundResult> => {
      const round = rounds.get(key);
      if (round === undefined) {
        await clock.sleep(freshMs);
        return fresh.end(key) ?? { next: 'forget' };
      }
      note(key, clock.monotonic());
      begunAt.set(key, clock.monotonic());
      await clock.sleep(round.takesMs);
      return resultOf(round, clock);
    },
    { workers, random: () => each.random },
  );
  const news = new Map<string, number>();
  for (const [key, { expiresInMs }] of rounds)
    queue.add(key, {
      priority: 'new',
      expiresAt: expiresInMs === undefined ? undefined : clock.now() + expiresInMs,
    });
  await clock.advance(known.length * 5_000);
  fresh.begin();
  while (clock.monotonic() < minutes * MINUTE_MS) {
    await clock.advance(1_000);
    for (const [key, { changesEveryMs }] of rounds) {
      if (changesEveryMs === undefined) continue;
      const last = news.get(key) ?? 0;
      if (clock.monotonic() - last < changesEveryMs) continue;
      news.set(key, clock.monotonic());
      queue.add(key, { priority: 'changed' });
    }
  }
  for (const key of rounds.keys()) note(key, clock.monotonic());
  const stopping = queue.stop();
  await clock.advance(10_000);
  await stopping;
  return longest;
}

describe('while new JWTs come faster than they can be worked on', () => {
  it('every other key gets a round every 10 minutes, whatever its rounds came to', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (each) => {
        const { ms, key } = await longestWait(each, 22);
        assert.ok(ms <= 10 * MINUTE_MS, `${key} waited ${ms / 1_000} s`);
      }),
      { numRuns: 20, examples: [[LATEST], [LATEST_TRIES], [LATEST_NEWS]] },
    );
  });
});

describe('100,000 JWTs at start', () => {
  for (const [title, expiresAt] of [
    ['has expired', 1_000],
    ['is valid', 1_000 * MINUTE_MS],
    ['is still missing', undefined],
  ] as const)
    it(`one whose first round failed, and whose token ${title}, is tried again after its back-off`, async () => {
      const tries: number[] = [];
      const { queue, clock } = startQueue(async (key): Promise<RoundResult> => {
        if (key === 'science/my-jwt') tries.push(clock.now());
        await clock.sleep(290); // 10,000 took 184 s
        return key === 'science/my-jwt' ? { next: 'retry' } : { next: 'wait' };
      });
      await clock.advance(5_000);
      queue.add('science/my-jwt', { priority: 'new', expiresAt });
      for (let each = 0; each < 100_000; each += 1)
        queue.add(`ns-${each % 100}/jwt-${each}`, { priority: 'new', expiresAt });
      await clock.advance(MINUTE_MS);
      const waits = tries.slice(1).map((at, index) => (at - (tries[index] ?? at)) / 1_000);
      assert.ok(tries.length >= 5, `${tries.length} tries`);
      for (const [index, wait] of waits.slice(0, 4).entries())
        assert.ok(wait <= 2 ** index + 1, `it waited ${waits.join(', ')} s`);
      const stopping = queue.stop();
      await clock.advance(10_000);
      await stopping;
    });
});
