import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const ROOT = join(import.meta.dirname, '../..');

/** A program that is run from the root of the checkout. */
export interface ProgramRun {
  /** What is printed above its output. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Beside our own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Is called with its process id; what it gives is called when the process has ended. */
  readonly onStart?: (pid: number) => () => void;
}

/** Prints all that the program said when it has ended, so that runs side by side do not mix; true if it ended with 0. */
export async function runProgram({ title, program, args, env = {}, onStart }: ProgramRun): Promise<boolean> {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const onEnd = child.pid === undefined ? undefined : onStart?.(child.pid);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  onEnd?.();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`\n━━ ${title} (${seconds} s)\n${(await output).join('').trim()}`);
  return code === 0;
}
