import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PRIORITIES, type RoundResult } from '../../src/queue/work.ts';
import { randomNumbers } from '../fixtures/random-numbers.ts';
import { startQueue } from './noted-queue.ts';

type Step =
  | { readonly do: 'add'; readonly key: string; readonly priority: (typeof PRIORITIES)[number] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key, priority: fc.constantFrom(...PRIORITIES) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 120_000 }) }),
  fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
);
const outcome = fc.record({
  takesMs: fc.integer({ min: 0, max: 5_000 }),
  ends: fc.constantFrom('idle', 'at', 'retry', 'throw'),
  // Not sooner: keys that are due again before the others had their turn would delay those, as the order
  // requires.
  inMs: fc.integer({ min: 30_000, max: 90_000 }),
});

test('no key has two rounds at once, and a round begins after every request', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.array(outcome, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer(),
      async (steps, outcomes, workers, seed) => {
        const running = new Set<string>();
        const faults: string[] = [];
        const begun = new Map<string, number>();
        let count = 0;
        const { queue, clock } = startQueue(
          async (name): Promise<RoundResult> => {
            if (running.has(name)) faults.push(`${name} is worked on twice at once`);
            running.add(name);
            begun.set(name, (begun.get(name) ?? 0) + 1);
            const next = outcomes[count++ % outcomes.length];
            await clock.sleep(next?.takesMs ?? 0);
            running.delete(name);
            if (next?.ends === 'at') return { next: 'wait', dueAt: clock.now() + next.inMs };
            if (next?.ends === 'retry') return { next: 'retry' };
            if (next?.ends === 'throw') throw new Error('planned');
            return { next: 'forget' };
          },
          { workers, random: randomNumbers(seed) },
        );
        const asked: (() => boolean)[] = [];
        for (const each of steps) {
          if (each.do === 'wait') await clock.advance(each.ms);
          if (each.do === 'jump') clock.jump(each.ms);
          if (each.do === 'wait' || each.do === 'jump') continue;
          const before = begun.get(each.key) ?? 0;
          asked.push(() => (begun.get(each.key) ?? 0) > before);
          queue.add(each.key, { priority: each.priority });
        }
        // The longest wait and all the time that the clock was set back, a minute to notice, and the queue
        // before it.
        const setBack = steps.map((each) => (each.do === 'jump' ? Math.abs(each.ms) : 0));
        const limit = setBack.reduce((sum, ms) => sum + ms, 600_000 + 60_000 + 40_000);
        assert.ok(
          await clock.advanceUntil(() => asked.every((isDone) => isDone()), limit),
          'something was lost',
        );
        const stopping = queue.stop();
        await clock.advance(10_000);
        await stopping;
        assert.equal(running.size, 0);
        assert.deepEqual(faults, []);
        assert.equal(clock.pending(), 0);
      },
    ),
    { numRuns: 200 },
  );
});

const anyOutcome = fc.oneof(
  fc.record({ next: fc.constant('wait' as const), dueAt: fc.option(fc.double(), { nil: undefined }) }),
  // Realistic plans: soon, or in hours.
  fc.integer({ min: -1_000, max: 20_000_000 }).map((dueAt) => ({ next: 'wait' as const, dueAt })),
  fc.record({
    next: fc.constant('retry' as const),
    after: fc.option(fc.double({ min: 0 }), { nil: undefined }),
    dueAt: fc.option(fc.oneof(fc.double(), fc.integer({ min: -1_000, max: 20_000_000 })), { nil: undefined }),
  }),
  fc.constant('a bug' as const),
);
const disturbance = fc.oneof(
  step,
  fc.record({
    do: fc.constant('jump' as const),
    ms: fc.constantFrom(-59_000, -3_600_000, 12_000, 86_400_000),
  }),
);

test('an existing key gets a round every 10 minutes, for any results of its rounds and any changes of the clock', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(disturbance, { maxLength: 25 }),
      fc.infiniteStream(anyOutcome),
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      async (steps, outcomes, chances) => {
        const looks = new Map<string, number>();
        const { queue, clock } = startQueue(
          async (name): Promise<RoundResult> => {
            looks.set(name, clock.monotonic());
            const { value } = outcomes.next();
            if (value === 'a bug') throw new Error('planned');
            return value;
          },
          { random: () => chances.next().value },
        );
        const wait = async (ms: number): Promise<void> => {
          const end = clock.monotonic() + ms;
          await clock.advanceUntil(() => {
            for (const [name, at] of looks)
              assert.ok(clock.monotonic() - at <= 600_000, `nobody looks at ${name} any more`);
            return clock.monotonic() >= end;
          }, ms);
        };
        for (const each of steps) {
          if (each.do === 'wait') await wait(each.ms);
          if (each.do === 'jump') clock.jump(each.ms);
          if (each.do === 'add') queue.add(each.key, { priority: each.priority });
        }
        await wait(3_600_000);
        await queue.stop();
        assert.equal(clock.pending(), 0);
      },
    ),
    { numRuns: 200 },
  );
});
