import { join } from 'node:path';
import type { Cluster } from '../controlplane/cluster.ts';
import { describeAll, describeRun, readReport, type RunResult } from './report.ts';
import { ROOT, runProgram } from './run-program.ts';

/** Node caches compiled sources there: the many short processes of the tests start in half the time. */
const COMPILED = join(ROOT, 'node_modules/.cache/node');

/** Time for the sums after the last test. Every test has a time limit of its own. */
const SUMMED_UP_WITHIN_MS = 60_000;

/** Test files that share a process; they run one after the other. */
export interface FileRun {
  /** Printed above their tests. */
  readonly title: string;
  /** Paths from the root of the checkout. */
  readonly files: readonly string[];
  /** How long a single test may take that has no time limit of its own. */
  readonly timeoutMs: number;
  /** How long the run may print nothing; default: little more than `timeoutMs`. */
  readonly silentForMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Kills the tests when it ends. */
  readonly cluster?: Pick<Cluster, 'adopt'>;
}

/** When all tests have ended, prints their number, their output, and the failures with their errors. */
export async function runFiles({
  title,
  files,
  timeoutMs,
  silentForMs = timeoutMs + SUMMED_UP_WITHIN_MS,
  env = {},
  cluster,
}: FileRun): Promise<RunResult> {
  const { hasPassed, output, seconds } = await runProgram({
    program: process.execPath,
    // In one process: to start one, and to load the libraries again for each file, takes longer than most
    // tests.
    args: [
      '--test',
      '--test-isolation=none',
      '--test-reporter=spec',
      `--test-timeout=${timeoutMs}`,
      ...files,
    ],
    silentForMs,
    env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? COMPILED, ...env },
    ...(cluster === undefined ? {} : { onStart: (pid) => cluster.adopt(pid) }),
  });
  const { words, ...report } = readReport(output);
  const result = { title, hasPassed: hasPassed && report.failing.length === 0, seconds, ...report };
  console.log(describeRun(result, words));
  return result;
}

/**
 * Prints the result of all runs, and sets the exit code. Within `npm test`, which prints a common result,
 * hands the results over instead.
 */
export function finishRuns(results: readonly RunResult[], startedAt: number): void {
  process.exitCode = results.every(({ hasPassed }) => hasPassed) ? 0 : 1;
  if (process.send === undefined) console.log(describeAll(results, (performance.now() - startedAt) / 1000));
  else process.send(results);
}
