import { pathToFileURL } from 'node:url';
import { RECORDED } from './recorded-tests.ts';

/** How often the place of each mutant was reached, by the mutant's id. */
export type Reached = Readonly<Record<number, number>>;

/** A request to a worker. Without tests: run all of them. */
export interface Trial {
  readonly mutant: number;
  readonly tests?: readonly number[];
  /** A mutant that is executed more often caused an endless loop. */
  readonly limit: number;
}

/** The result of a trial: a test failed, or not. */
export interface Verdict {
  readonly noticed: boolean;
}

/** The results of a run without any mutant. */
export interface DryRun {
  readonly tests: readonly { readonly name: string; readonly ms: number; readonly reached: Reached }[];
  /** Counts from loading the files, before the first test. */
  readonly atStart: Reached;
  /** The error of a test that fails, or of a file that cannot be loaded, without any mutant. */
  readonly failure?: string;
}

const { active } = globalThis.mutants;

let unreadable: string | undefined;
for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    unreadable ??= `${file}: ${String(error)}`;
  }
}

process.on('message', (message: Trial | 'dry run') => {
  void (message === 'dry run' ? dryRun() : tryMutant(message)).then((answer) => process.send?.(answer));
});
process.send?.('ready');

async function dryRun(): Promise<DryRun> {
  const atStart = takeReached();
  if (unreadable !== undefined) return { tests: [], atStart, failure: unreadable };
  const tests: DryRun['tests'][number][] = [];
  for (const { name, run } of RECORDED) {
    const begin = performance.now();
    try {
      await run();
    } catch (error) {
      return { tests, atStart, failure: `${name}: ${String(error)}` };
    }
    tests.push({ name, ms: performance.now() - begin, reached: takeReached() });
  }
  return { tests, atStart };
}

function takeReached(): Reached {
  const { reached } = globalThis.mutants;
  const counts = [...reached.entries()].filter(([, count]) => count > 0);
  reached.fill(0);
  return Object.fromEntries(counts);
}

async function tryMutant({ mutant, tests, limit }: Trial): Promise<Verdict> {
  if (unreadable !== undefined) return { noticed: true };
  active[0] = mutant;
  globalThis.mutants.passes = limit;
  process.env['JWT_INJECTOR_MUTANT'] = String(mutant);
  const chosen = tests === undefined ? RECORDED : tests.flatMap((index) => RECORDED[index] ?? []);
  for (const { run } of chosen) {
    try {
      await run();
    } catch {
      return { noticed: true };
    }
  }
  return { noticed: false };
}
