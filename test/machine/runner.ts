import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import type { Reaper } from '../controlplane/reaper.ts';

/** The working directory of a program, and variables that are added to our environment. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end and resolves to its standard output. Throws a ControlPlaneError with the last
 * lines of its output.
 */
export type Runner = (file: string, args: readonly string[], options?: RunOptions) => Promise<string>;

const SHOWN_LINES = 20;

/** The program and everything that it started end when `reaper` does. */
export function createRunner(reaper: Pick<Reaper, 'watch' | 'forget'>): Runner {
  return async (file, args, { cwd, env } = {}) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true, // a process group of its own, which the reaper can end as a whole
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid !== undefined) reaper.watch(-pid);
    const ended = Promise.withResolvers<number | string>();
    child.on('error', ended.reject);
    child.on('close', (code, signal) => ended.resolve(code ?? signal ?? 'unknown'));
    const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise]);
    if (pid !== undefined) reaper.forget(-pid);
    if (end === 0) return stdout;
    const last = stderr.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n  ');
    throw new ControlPlaneError(`${file} ${args.join(' ')} ended with ${end}:\n  ${last}`);
  };
}
