import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { findFreePort } from '../controlplane/free-port.ts';
import { readImageStart } from '../controlplane/image-start.ts';
import { limitMemory, type Command } from '../controlplane/memory-limit.ts';
import { readShippedContainer } from '../controlplane/shipped-containers.ts';
import { waitUntil } from '../controlplane/wait-until.ts';

/**
 * Number of last log lines to show when the service has ended: V8 prints as many to say that its heap is
 * full.
 */
const LAST_LINES = 60;

/** With a hundred thousand JWTs it is some ten seconds. */
const READY_WITHIN_MS = 300_000;

const ENTRY = join(import.meta.dirname, '../../dist/main.js');

/**
 * The compiled service as it is shipped: started as the image starts it, under the memory limit of the
 * Deployment. It logs to a file. Its costs are counted by the kernel.
 */
export interface MeasuredService extends AsyncDisposable {
  readonly pid: number;
  /** Start time by `performance.now()`. */
  readonly startedAt: number;
  readonly httpPort: number;
  /**
   * Milliseconds from the start of the process until `/readyz` answered 200, and the CPU seconds used until
   * then.
   */
  readonly readyAfterMs: number;
  readonly readyAfterCpu: number;
  readonly logFile: string;
  /** How its memory is limited, in words for a report. */
  readonly limitedBy: string;
  /** CPU seconds used so far by all threads. */
  cpuSeconds(): number;
  /** Resident memory in MiB. */
  residentMiB(): number;
  /** Largest resident memory so far, in MiB. */
  peakMiB(): number;
  /** All output so far. */
  output(): string;
  logLines(): Record<string, unknown>[];
  /** Resolves to the first log line, past or future, that matches. */
  waitForLog(
    fits: (line: Record<string, unknown>) => boolean,
    withinMs: number,
  ): Promise<Record<string, unknown>>;
  /** Throws, with its last lines, if the process has ended by itself. */
  expectAlive(): void;
  /** Sends SIGTERM; resolves when the process has ended. Idempotent. */
  stop(): Promise<void>;
}

export interface MeasuredOptions {
  readonly args: readonly string[];
  readonly logFile: string;
  /** The service is killed when this cluster ends. */
  readonly cluster: Pick<ControlPlane, 'adopt'>;
  /** Flags for Node besides those of the image. */
  readonly nodeFlags?: readonly string[];
  /** Path of the program; default: the compiled one. */
  readonly entry?: string;
  /** Default: five minutes. */
  readonly readyWithinMs?: number;
}

export async function startMeasured(options: MeasuredOptions): Promise<MeasuredService> {
  const { args, logFile, cluster, nodeFlags = [], entry = ENTRY, readyWithinMs = READY_WITHIN_MS } = options;
  const image = await readImageStart();
  const httpPort = await findFreePort();
  await using opened = new AsyncDisposableStack();
  const memory = opened.use(await limitMemory(readShippedContainer('jwt-injector').memory));
  const output = openSync(logFile, 'w');
  const startedAt = performance.now();
  const run = [entry, 'run', `--http-address=127.0.0.1:${httpPort}`, ...args];
  const command: Command = [process.execPath, ...image.flags, ...nodeFlags, ...run];
  const [program, ...programArgs] = memory.wrap(command);
  const env = { ...process.env, ...image.env };
  const child = spawn(program, programArgs, { stdio: ['ignore', output, output], env });
  closeSync(output);
  const { pid } = child;
  if (pid === undefined) throw new Error('the service could not be started');
  const forget = cluster.adopt(pid);
  opened.defer(async () => {
    await end(child);
    forget();
  });
  const expectAlive = (): void => {
    if (child.exitCode === null && child.signalCode === null) return;
    const lastLines = readFileSync(logFile, 'utf8').split('\n').slice(-LAST_LINES).join('\n');
    throw new Error(`the service ended (${child.signalCode ?? `code ${child.exitCode}`}):\n${lastLines}`);
  };
  const isReady = async (): Promise<boolean> => {
    expectAlive();
    const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`).catch(() => undefined);
    return response?.ok === true;
  };
  while (!(await isReady())) {
    if (performance.now() - startedAt > readyWithinMs)
      throw new Error(`the service was not ready within ${readyWithinMs / 1_000} s`);
    await sleep(2);
  }
  const readyAfterMs = performance.now() - startedAt;
  const readyAfterCpu = cpuSecondsOf(pid);
  const logLines = followLog(logFile);
  const running = opened.move();
  const stop = async (): Promise<void> => running.disposeAsync();
  return {
    pid,
    startedAt,
    httpPort,
    readyAfterMs,
    readyAfterCpu,
    logFile,
    limitedBy: memory.means,
    cpuSeconds: () => cpuSecondsOf(pid),
    residentMiB: () => residentMiBOf(pid),
    peakMiB: () => statusMiBOf(pid, 'VmHWM'),
    output: () => readFileSync(logFile, 'utf8'),
    logLines,
    waitForLog: (fits, withinMs) => {
      let looked = 0;
      return waitUntil('a log line', withinMs, () => {
        const fresh = logLines().slice(looked);
        looked += fresh.length;
        return fresh.find(fits);
      });
    },
    expectAlive,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Reads all lines of a growing file, each only once, as the reader shares the machine with the service. */
function followLog(file: string): () => Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const descriptor = openSync(file, 'r');
  const chunk = Buffer.alloc(1024 * 1024);
  let rest = '';
  return () => {
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      const texts = `${rest}${chunk.toString('utf8', 0, read)}`.split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) if (text.startsWith('{')) lines.push(JSON.parse(text));
    }
    return lines;
  };
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** CPU seconds of all running threads, to the nanosecond, which matters at the start (proc(5), schedstat). */
export function cpuSecondsOf(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}

export function residentMiBOf(pid: number): number {
  return statusMiBOf(pid, 'VmRSS');
}

function statusMiBOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const [, kibibytes] =
    new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}
