import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { DryRun, Trial, Verdict } from './worker.ts';

const HERE = import.meta.dirname;
/** Loading a folder's tests takes a second or two, on a busy machine minutes. */
const START_MS = 300_000;

/** No mutant has this id. */
const NONE = -1;

/** A process that has loaded the tests and runs them on request. */
export interface WorkerProcess {
  /** Throws if the worker ends. */
  readonly dryRun: () => Promise<DryRun>;
  /**
   * If the worker ends, or takes longer than `deadlineMs`, the mutant was noticed; the worker cannot be used
   * again.
   */
  readonly attempt: (trial: Trial, deadlineMs: number) => Promise<Verdict & { readonly usable: boolean }>;
  readonly stop: () => void;
}

/**
 * Starts a process for the sources (path of the JSON file) and test files. With a mutant: it is active while
 * the files are loaded, and if they cannot be loaded, every attempt notices it.
 */
export async function startWorker(
  sources: string,
  tests: readonly string[],
  mutant = NONE,
): Promise<WorkerProcess> {
  const child = fork(join(HERE, 'worker.ts'), tests, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${join(HERE, 'use-mutants.ts')}`,
      JWT_INJECTOR_MUTANTS: sources,
      JWT_INJECTOR_MUTANT: String(mutant),
    },
  });
  let usable = (await answerOf(child, START_MS)) !== undefined;
  if (!usable && mutant === NONE) throw new Error('a worker did not start');
  return {
    dryRun: async () => {
      child.send('dry run');
      const answer = await answerOf(child, 4 * START_MS);
      if (answer === undefined) throw new Error('the run without mutants did not end');
      return answer as DryRun;
    },
    attempt: async (trial, deadlineMs) => {
      if (usable) child.send(trial);
      const answer = usable ? await answerOf(child, deadlineMs) : undefined;
      usable = answer !== undefined;
      if (!usable) child.kill('SIGKILL');
      return answer === undefined ? { noticed: true, usable } : { ...(answer as Verdict), usable };
    },
    stop: () => child.kill('SIGKILL'),
  };
}

/** Its next message; nothing if it ends, or takes longer. */
async function answerOf(child: ChildProcess, deadlineMs: number): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const end = (): void => resolve(undefined);
  const timer = setTimeout(end, deadlineMs);
  child.once('message', resolve).once('exit', end);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('message', resolve).off('exit', end);
  }
}
