import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './choose-entry.ts';
import type { Cluster } from './cluster.ts';
import { keepOutput } from './kept-output.ts';
import type { Command, MemoryLimit } from './memory-limit.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A log line of the service, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A running jwt-injector beside the control plane, with the rights of its own ServiceAccount. */
export interface Service {
  readonly pid: number;
  /** Ports it listens on; `undefined` for a part that is switched off. */
  readonly webhookPort: number | undefined;
  readonly httpPort: number;
  /** All output so far, both streams, as text; with `keepLines` its end. */
  output(): string;
  logLines(): readonly LogLine[];
  /** Resolves to the first line, past or future, that matches; throws after `withinMs`. */
  waitForLog(fits: (line: LogLine) => boolean, withinMs?: number): Promise<LogLine>;
  kill(signal: NodeJS.Signals): void;
  /** Sends SIGTERM; gives the exit code, when its whole output is there. Idempotent. */
  stop(): Promise<number | null>;
  /** The exit code, when its whole output is there. */
  readonly exited: Promise<number | null>;
}

export interface ServiceOptions {
  /** Flags after `run`. The webhook needs its certificate files here. */
  readonly args: readonly string[];
  /** Path of the program; by default that of `findProgram`. */
  readonly entry?: string;
  /** The port to use again after a restart; by default the system chooses one. */
  readonly webhookPort?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Do not wait for `/readyz`: the service is not expected to become ready. */
  readonly staysUnready?: true;
  /** The number of last lines of output that are kept at least; default: all. */
  readonly keepLines?: number;
  /** The memory limit; default: none. The caller disposes of it. */
  readonly memory?: Pick<MemoryLimit, 'wrap'>;
}

const READY_WITHIN_MS = 60_000;
/** The time after its exit within which its output is closed. */
const CLOSES_WITHIN_MS = 10_000;

/**
 * Starts the service and waits until `/readyz` answers 200. Throws with its output if it ends earlier. It is
 * killed together with the control plane if nobody stops it.
 */
export async function startService(
  controlPlane: Pick<Cluster, 'adopt'>,
  options: ServiceOptions,
): Promise<Service> {
  const { args, webhookPort = 0, env = {}, cwd = ROOT, memory } = options;
  const entry = options.entry ?? (await findProgram());
  const addresses = [`--webhook-address=127.0.0.1:${webhookPort}`, '--http-address=127.0.0.1:0'];
  const command: Command = [process.execPath, entry, 'run', ...addresses, ...args];
  const [program, ...programArgs] = memory?.wrap(command) ?? command;
  const child = spawn(program, programArgs, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    detached: true, // as for the components of the control plane: Ctrl-C in a terminal must not reach it before us
    env: { ...process.env, ...env },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the service could not be started');
  const forget = controlPlane.adopt(pid);
  const closed = Promise.withResolvers<void>();
  let isClosed = false;
  child.once('close', () => {
    isClosed = true;
    closed.resolve();
  });
  const exited = once(child, 'exit').then(async ([code]: (number | null)[]) => {
    forget();
    // Its last lines can come after its exit. A process that it left behind could hold its output for longer.
    await Promise.race([closed.promise, sleep(CLOSES_WITHIN_MS, undefined, { ref: false })]);
    isClosed = true;
    return code ?? null;
  });

  const output = keepOutput(options.keepLines);
  const hasEnded = (): boolean => isClosed;
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output.add(line);
      for (const listener of listeners) listener();
    });
  }

  const waitForLog = async (
    fits: (line: LogLine) => boolean,
    withinMs = READY_WITHIN_MS,
  ): Promise<LogLine> => {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      const found = output.parsed.find(fits);
      if (found !== undefined) return found;
      if (deadline.aborted)
        throw new Error(`no such log line within ${withinMs} ms; the service wrote:\n${output.text()}`);
      if (hasEnded()) {
        const code = child.exitCode ?? child.signalCode;
        throw new Error(`the service ended with ${code}; it wrote:\n${output.text()}`);
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      listeners.add(resolve);
      const timer = setTimeout(resolve, 500);
      await promise;
      clearTimeout(timer);
      listeners.delete(resolve);
    }
  };

  const portOf = async (what: string): Promise<number> => {
    const line = await waitForLog((entry_) => entry_['msg'] === `listening: ${what}`);
    return Number(line['port']);
  };
  const httpPort = await portOf('probes and metrics');
  const service: Service = {
    pid,
    httpPort,
    webhookPort: args.includes('--no-webhook') ? undefined : await portOf('webhook'),
    output: () => output.text(),
    logLines: () => output.parsed,
    waitForLog,
    kill: (signal) => child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      return exited;
    },
    exited,
  };
  if (options.staysUnready !== true) await waitUntilReady(service, hasEnded);
  return service;
}

async function waitUntilReady(service: Service, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let answer = '';
  while (Date.now() < deadline && !hasEnded()) {
    const response = await fetch(`http://127.0.0.1:${service.httpPort}/readyz`).catch(() => undefined);
    if (response?.ok === true) return;
    answer = (await response?.text()) ?? 'no answer';
    await sleep(50);
  }
  throw new Error(`the service did not become ready (${answer}); it wrote:\n${service.output()}`);
}
