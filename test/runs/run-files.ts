import { join } from 'node:path';
import type { Cluster } from '../controlplane/cluster.ts';
import { ROOT, runProgram } from './run-program.ts';

/** Node keeps what it made of the sources there: the many short processes of the tests start in half the time. */
const COMPILED = join(ROOT, 'node_modules/.cache/node');

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

/** Prints what the tests say when all are done; true if all passed. */
export function runFiles({ title, files, timeoutMs, env = {}, cluster }: FileRun): Promise<boolean> {
  return runProgram({
    title,
    program: process.execPath,
    // In one process: its start and the libraries, read again for each file, cost more than most tests do.
    args: ['--test', '--test-isolation=none', `--test-timeout=${timeoutMs}`, ...files],
    env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? COMPILED, ...env },
    ...(cluster === undefined ? {} : { onStart: (pid) => cluster.adopt(pid) }),
  });
}
