import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Cluster } from '../controlplane/cluster.ts';

export const ROOT = join(import.meta.dirname, '../..');

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

/** Prints what the tests say when all are done, so that runs side by side do not mix; true if all passed. */
export async function runFiles({ title, files, timeoutMs, env = {}, cluster }: FileRun): Promise<boolean> {
  const startedAt = performance.now();
  // In one process: its start and the libraries, read again for each file, cost more than most tests do.
  const args = ['--test', '--test-isolation=none', `--test-timeout=${timeoutMs}`, ...files];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      NODE_COMPILE_CACHE: COMPILED,
      ...process.env,
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = child.pid === undefined ? undefined : cluster?.adopt(child.pid);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  forget?.();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`\n━━ ${title} (${seconds} s)\n${(await output).join('').trimEnd()}`);
  return code === 0;
}
