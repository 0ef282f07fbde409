import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ControlPlaneError } from './control-plane-error.ts';
import { inNetwork } from './in-network.ts';
import type { Reaper } from './reaper.ts';
import { waitUntil } from './wait-until.ts';

/** A running program of the control plane, for tests that stop or kill it. */
export type Component = {
  /** Process ID of the current process; another one after `restart`. */
  readonly pid: number;
  /** Sends SIGSTOP: the process keeps its connections and answers nothing. */
  pause(): void;
  /** Sends SIGCONT. */
  resume(): void;
  /** Sends SIGKILL; resolves when the process has ended. Does nothing if it has ended already. */
  kill(): Promise<void>;
  /**
   * Kills the process if it runs, and starts it again with the same data and port. Resolves when it is ready.
   */
  restart(): Promise<void>;
};

/** Settings of `startComponent`. `folder` is its working directory and holds `<program>.log`. */
export type ComponentSettings = {
  readonly binary: string;
  readonly args: readonly string[];
  /** Path of the network namespace of the process. Default: ours. */
  readonly network?: string;
  /** Added to HOME, PATH, TMPDIR and GOGC. */
  readonly env?: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly reaper: Reaper;
  readonly readyWithinMs: number;
  readonly isReady: () => Promise<boolean>;
  readonly log: (line: string) => void;
};

const ENDS_WITHIN_MS = 60_000; // SIGKILL takes milliseconds, unless the disk hangs
const TAIL_LINES = 12;

/** Starts a program and waits until it is ready. Throws a ControlPlaneError with the end of its log. */
export async function startComponent(settings: ComponentSettings): Promise<Component> {
  const name = basename(settings.binary);
  let child = await launch(settings, name);
  const kill = async () => {
    // After SIGTERM the API server would wait for its watchers, and etcd for the API server: many seconds.
    child.kill('SIGKILL');
    await waitUntil(`${name} to end`, ENDS_WITHIN_MS, () => hasExited(child));
  };
  await waitUntilReady(settings, name, child);
  return {
    get pid() {
      return child.pid ?? 0;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      child = await launch(settings, name);
      await waitUntilReady(settings, name, child);
    },
  };
}

async function launch(settings: ComponentSettings, name: string): Promise<ChildProcess> {
  const { binary, args, network, env, folder, reaper, log } = settings;
  const file = await open(join(folder, `${name}.log`), 'a');
  try {
    const child = spawn(...inNetwork(network, binary, args), {
      cwd: folder,
      detached: true, // Ctrl-C in a terminal must not reach it before us
      // No other variable of our environment is passed on.
      env: { HOME: folder, PATH: process.env['PATH'], TMPDIR: folder, GOGC: process.env['GOGC'], ...env },
      stdio: ['ignore', file.fd, file.fd],
    });
    const pid = child.pid;
    if (pid !== undefined) reaper.watch(pid);
    child.unref();
    child.on('exit', (code, signal) => {
      if (pid !== undefined) reaper.forget(pid);
      log(`${name} (pid ${pid}) ended: ${signal ?? `exit code ${code}`}`);
    });
    await once(child, 'spawn'); // throws if the binary cannot be run
    log(`${name} started (pid ${pid})`);
    return child;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ControlPlaneError(`${binary} cannot be started: ${reason}`, { cause: error });
  } finally {
    await file.close();
  }
}

async function waitUntilReady(settings: ComponentSettings, name: string, child: ChildProcess): Promise<void> {
  const { folder, isReady, readyWithinMs } = settings;
  const died = new Promise<boolean>((resolve) => child.once('exit', () => resolve(false)));
  try {
    await waitUntil(`${name} to be ready`, readyWithinMs, () => {
      if (hasExited(child)) throw new Error('died');
      return Promise.race([isReady(), died]); // another process that uses our port could never answer
    });
  } catch {
    const what = hasExited(child)
      ? `died while starting (${child.signalCode ?? `exit code ${child.exitCode}`})`
      : `was not ready within ${Math.round(readyWithinMs / 1000)} s (KUBEBUILDER_CONTROLPLANE_START_TIMEOUT)`;
    const log = await readFile(join(folder, `${name}.log`), 'utf8');
    const tail = log.trimEnd().split('\n').slice(-TAIL_LINES).join('\n  ');
    throw new ControlPlaneError(`${name} ${what}; its log ends with:\n  ${tail}`);
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
