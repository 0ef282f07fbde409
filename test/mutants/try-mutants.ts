import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instrumented, Mutant } from './instrument.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';
import type { DryRun } from './worker.ts';

/**
 * A factor, as in StrykerJS: if code runs this much more often than without the mutant, it is an endless
 * loop.
 */
const MORE_OFTEN = 100;
const SLOWER = 10;
const GRACE_MS = 5_000;

/** The result for one mutant. */
export type Outcome = 'noticed' | 'survived' | 'not reached';

/**
 * Tries each mutant with the tests that reach it, the fastest first, until one fails. Throws if a test fails
 * without a mutant, and if there is no mutant or no test: otherwise it would seem that every mutant was
 * noticed.
 */
export async function tryMutants(
  { sources, mutants }: Instrumented,
  tests: readonly string[],
  concurrency: number,
): Promise<ReadonlyMap<Mutant, Outcome>> {
  if (mutants.length === 0) throw new Error('there is nothing to change in the sources');
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-mutants-'));
  const path = join(folder, 'sources.json');
  try {
    await writeFile(path, JSON.stringify(sources));
    return await tryAll(mutants, concurrency, (mutant) => startWorker(path, tests, mutant));
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Start = (mutant?: number) => Promise<WorkerProcess>;

async function tryAll(
  mutants: readonly Mutant[],
  concurrency: number,
  start: Start,
): Promise<ReadonlyMap<Mutant, Outcome>> {
  const first = await start();
  const known = await first.dryRun();
  first.stop();
  if (known.failure !== undefined) throw new Error(`fails without a mutant: ${known.failure}`);
  if (known.tests.length === 0) throw new Error('there is no test');
  const outcomes = new Map<Mutant, Outcome>();
  const waiting = mutants.values();
  const lane = async (): Promise<void> => {
    const warm = warmWorker(start);
    for (const mutant of waiting) outcomes.set(mutant, await tryOne(mutant, known, warm.use, start));
    warm.stop();
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return outcomes;
}

/** One worker for many mutants, which is restarted after a mutant has ended it. */
function warmWorker(start: Start): { readonly use: WorkerProcess['attempt']; readonly stop: () => void } {
  let worker: WorkerProcess | undefined;
  return {
    use: async (trial, deadlineMs) => {
      worker ??= await start();
      const verdict = await worker.attempt(trial, deadlineMs);
      if (!verdict.usable) worker = undefined;
      return verdict;
    },
    stop: () => worker?.stop(),
  };
}

async function tryOne(
  { id }: Mutant,
  { tests, atStart }: DryRun,
  attempt: WorkerProcess['attempt'],
  start: Start,
): Promise<Outcome> {
  const all = tests.map((test, index) => ({ ...test, index, hits: test.reached[id] ?? 0 }));
  const reaching = all.filter(({ hits }) => hits > 0).toSorted((a, b) => a.ms - b.ms);
  const early = atStart[id] ?? 0;
  if (reaching.length === 0 && early === 0) return 'not reached';
  const limit = MORE_OFTEN * all.reduce((sum, { hits }) => sum + hits, early);
  const deadline = (of: typeof all): number => GRACE_MS + SLOWER * of.reduce((sum, { ms }) => sum + ms, 0);
  const trial = { mutant: id, tests: reaching.map(({ index }) => index), limit };
  if (reaching.length > 0 && (await attempt(trial, deadline(reaching))).noticed) return 'noticed';
  if (early === 0) return 'survived';
  const worker = await start(id);
  const { noticed } = await worker.attempt({ mutant: id, limit }, deadline(all));
  worker.stop();
  return noticed ? 'noticed' : 'survived';
}
