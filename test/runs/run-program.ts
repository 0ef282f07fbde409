import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from './end-with-us.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** A program that runs in the root of the checkout. */
export interface ProgramRun {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to our own environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds: if it prints nothing for this time, it is killed together with its process group. */
  readonly silentForMs: number;
  /** Called with its process id; the returned function is called when the process has ended. */
  readonly onStart?: (pid: number) => () => void;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Whether its exit code was 0. */
  readonly hasPassed: boolean;
  /** Its output, both streams; coloured on a terminal. */
  readonly output: string;
  readonly seconds: number;
}

/** The time after its end within which its output must be closed. */
const CLOSES_WITHIN_MS = 10_000;
/** Scripts of package.json run for a minute or two, and some print nothing before their end. */
const SCRIPT_SILENT_FOR_MS = 900_000;

/**
 * Its output is kept until it has ended, so that the output of parallel runs does not mix. A process that
 * never ends, or that leaves another one running, has failed: without the limit, the results of the other
 * runs would never be shown.
 */
export async function runProgram({
  program,
  args,
  env = {},
  silentForMs,
  onStart,
}: ProgramRun): Promise<ProgramEnd> {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  endWithUs(child);
  const onEnd = child.pid === undefined ? undefined : onStart?.(child.pid);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const printed = { stdout: '', stderr: '' };
  const problems: string[] = [];
  const patience = setTimeout(() => {
    problems.push(`It said nothing for ${silentForMs / 1000} s, and was killed.`);
    process.kill(-Number(child.pid), 'SIGKILL');
  }, silentForMs);
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      printed[name] += chunk;
      if (isRunning()) patience.refresh();
    });
  }
  const closed = Promise.withResolvers<true>();
  child.once('close', () => closed.resolve(true));
  const [code] = await once(child, 'exit').finally(() => clearTimeout(patience));
  onEnd?.();
  const isClosed = await Promise.race([closed.promise, sleep(CLOSES_WITHIN_MS, false, { ref: false })]);
  if (!isClosed) {
    problems.push('A process that it left behind still holds its output.');
    child.stdout.destroy();
    child.stderr.destroy();
  }
  return {
    hasPassed: code === 0 && isClosed,
    output: [(printed.stdout + printed.stderr).trim(), ...problems].join('\n').trim(),
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** Runs a script of package.json, and prints its output. `env` is added to our environment. */
export async function runNpmScript(name: string, env: NodeJS.ProcessEnv = {}): Promise<ProgramEnd> {
  const end = await runProgram({
    program: 'npm',
    args: ['run', name],
    env,
    silentForMs: SCRIPT_SILENT_FOR_MS,
  });
  console.log(
    `\n${end.hasPassed ? '✔' : '✖'} npm run ${name} (${end.seconds.toFixed(1)} s)\n${end.output}\n`,
  );
  return end;
}
