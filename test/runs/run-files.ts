import { join } from 'node:path';
import type { Cluster } from '../controlplane/cluster.ts';
import { describeAll, describeRun, readReport, type RunResult } from './report.ts';
import { ROOT, runProgram } from './run-program.ts';

/** Node keeps what it made of the sources there: the many short processes of the tests start in half the time. */
const COMPILED = join(ROOT, 'node_modules/.cache/node');

/** A test says so when it has ended, which is within its time; after the last one come the sums. */
const SUMMED_UP_WITHIN_MS = 60_000;

/** Test files that share a process; they run one after the other. */
export interface FileRun {
  /** What is printed above their tests. */
  readonly title: string;
  /** Paths from the root of the checkout. */
  readonly files: readonly string[];
  /** How long a single test may take. */
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the tests when it ends. */
  readonly cluster?: Pick<Cluster, 'adopt'>;
}

/** Prints how many tests there were, what they printed, and which failed and why, when all are done. */
export async function runFiles({ title, files, timeoutMs, env = {}, cluster }: FileRun): Promise<RunResult> {
  const { hasPassed, output, seconds } = await runProgram({
    program: process.execPath,
    // In one process: its start and the libraries, read again for each file, cost more than most tests do.
    args: [
      '--test',
      '--test-isolation=none',
      '--test-reporter=spec',
      `--test-timeout=${timeoutMs}`,
      ...files,
    ],
    silentForMs: timeoutMs + SUMMED_UP_WITHIN_MS,
    env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? COMPILED, ...env },
    ...(cluster === undefined ? {} : { onStart: (pid) => cluster.adopt(pid) }),
  });
  const { words, ...report } = readReport(output);
  const result = { title, hasPassed, seconds, ...report };
  console.log(describeRun(result, words));
  return result;
}

/** Says what all came to, and sets the exit code; within `npm test`, which says it of all together, hands it over. */
export function finishRuns(results: readonly RunResult[], startedAt: number): void {
  process.exitCode = results.every(({ hasPassed }) => hasPassed) ? 0 : 1;
  if (process.send === undefined) console.log(describeAll(results, (performance.now() - startedAt) / 1000));
  else process.send(results);
}
