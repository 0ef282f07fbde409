import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { endWithUs } from './end-with-us.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** A program that is run from the root of the checkout. */
export interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
  /** Beside our own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Is called with its process id; what it gives is called when the process has ended. */
  readonly onStart?: (pid: number) => () => void;
}

/** How it ended. */
export interface ProgramEnd {
  /** It ended with 0. */
  readonly hasPassed: boolean;
  /** What it printed, both streams; coloured on a terminal. */
  readonly output: string;
  readonly seconds: number;
}

/** What it says is kept until it has ended, so that runs side by side do not mix. */
export async function runProgram({ program, args, env = {}, onStart }: ProgramRun): Promise<ProgramEnd> {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  endWithUs(child);
  const onEnd = child.pid === undefined ? undefined : onStart?.(child.pid);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  onEnd?.();
  return {
    hasPassed: code === 0,
    output: (await output).join('').trim(),
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** Runs a script of package.json, and prints what it said. `env` is beside our own. */
export async function runNpmScript(name: string, env: NodeJS.ProcessEnv = {}): Promise<ProgramEnd> {
  const end = await runProgram({ program: 'npm', args: ['run', name], env });
  console.log(
    `\n${end.hasPassed ? '✔' : '✖'} npm run ${name} (${end.seconds.toFixed(1)} s)\n${end.output}\n`,
  );
  return end;
}
