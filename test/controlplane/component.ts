import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ControlPlaneError } from './control-plane-error.ts';
import { inNetwork } from './in-network.ts';
import type { Reaper } from './reaper.ts';
import { waitUntil } from './wait-until.ts';

/** A running program of the control plane, for tests that injure it. */
export type Component = {
  /** Of the current process; another one after `restart`. */
  readonly pid: number;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL; resolves when the process is gone. Does nothing if it is gone already. */
  kill(): Promise<void>;
  /** Kills the process if it lives, starts it again on the same data and port; resolves when it is ready. */
  restart(): Promise<void>;
};

/** What `startComponent` needs; `folder` is its working directory and holds `<program>.log`. */
export type ComponentSettings = {
  readonly binary: string;
  readonly args: readonly string[];
  /** Path of the network namespace that it runs in; ours, if left out. */
  readonly network?: string;
  /** Beside HOME, PATH, TMPDIR and GOGC. */
  readonly env?: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly reaper: Reaper;
  readonly readyWithinMs: number;
  readonly isReady: () => Promise<boolean>;
  readonly log: (line: string) => void;
};

const ENDS_WITHIN_MS = 10_000; // SIGKILL takes milliseconds, unless the disk hangs
const TAIL_LINES = 12;

/** Starts a program and waits until it is ready. Throws a ControlPlaneError with the end of its log. */
export async function startComponent(settings: ComponentSettings): Promise<Component> {
  const name = basename(settings.binary);
  let child = await launch(settings, name);
  const kill = async () => {
    // SIGTERM would make the API server wait for its watchers, and etcd for the API server: many seconds.
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
      // Nothing else leaks in.
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
      return Promise.race([isReady(), died]); // another process that has our port may never answer
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
