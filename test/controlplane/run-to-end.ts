import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** How a process ended, with all its output. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` after a signal. */
  readonly code: number | null;
}

const ENDS_WITHIN_MS = 60_000; // a second or two is usual

/** Runs a script of Node in a process of its own, as a user does. `environment` is added to ours. */
export async function runToEnd(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    timeout: ENDS_WITHIN_MS,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { stdout, stderr, code };
}
