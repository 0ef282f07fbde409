import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../controlplane/service.ts';
import { takePeakMemory } from './peak-memory.ts';

/** A process that is restarted at once when it ends by itself, as by the kubelet. */
export interface KeptProcess {
  start(): Promise<void>;
  /**
   * Sends SIGTERM and does not restart. Resolves, when the process has ended, to descriptions of what was
   * wrong with its end.
   */
  stop(): Promise<readonly string[]>;
  /** Sends SIGKILL and does not restart; resolves when the process has ended. */
  kill(): Promise<void>;
  /** Port of probes and metrics. */
  httpPort(): number;
  /** The unexpected ends since the last call, each with the last lines of output. */
  takeEnds(): Promise<readonly string[]>;
  /** The largest resident memory of the current process since the last call, in bytes. */
  takePeakMemory(): number;
}

type Kept = Pick<Service, 'pid' | 'httpPort' | 'output' | 'kill' | 'exited'>;

/** How often a process that ends before it is ready is started again. */
const MAX_TRIES = 5;
/** The pause after the first such end; longer after each one. */
const BACK_OFF_MS = 1_000;

/**
 * Runs nothing before `start`. A process that still runs `graceMs` after SIGTERM is killed, as by the
 * kubelet.
 */
export function keepProcess(
  launch: () => Promise<Kept>,
  graceMs: number,
  backOffMs = BACK_OFF_MS,
): KeptProcess {
  let isWanted = false;
  let current: Kept | undefined;
  let ends: string[] = [];
  let starting: Promise<void> = Promise.resolve();
  const running = (): Kept => {
    if (current === undefined) throw new Error('the process was not started');
    return current;
  };
  const start = (): Promise<void> => {
    isWanted = true;
    starting = launchKept();
    return starting;
  };
  const launchKept = async (): Promise<void> => {
    const service = await launch();
    current = service;
    const restart = async (): Promise<void> => {
      const code = await service.exited;
      if (!isWanted) return;
      ends.push(describeEnd(code, service.output()));
      starting = startAgain();
    };
    void restart();
  };
  const startAgain = async (): Promise<void> => {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      try {
        return await launchKept();
      } catch (error) {
        ends.push(`again before it was ready: ${String(error).trimEnd().split('\n').at(-1)?.slice(0, 160)}`);
        await sleep(tries * backOffMs);
      }
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<Kept | undefined> => {
    await starting;
    isWanted = false;
    current?.kill(signal);
    return current;
  };
  const stop = async (): Promise<readonly string[]> => {
    const ending = await end('SIGTERM');
    if (ending === undefined) return [];
    const patience = new AbortController();
    const late = sleep(graceMs, 'late' as const, { signal: patience.signal }).catch(() => 'late' as const);
    const code = await Promise.race([ending.exited, late]);
    patience.abort();
    if (code === 'late') {
      ending.kill('SIGKILL');
      await ending.exited;
      return [`SIGTERM had not ended it after ${graceMs / 1000} s`];
    }
    if (code === 0) return [];
    return [`SIGTERM ended it with ${code === null ? 'a signal' : describeEnd(code, ending.output())}`];
  };
  return {
    start,
    stop,
    kill: async () => {
      await (
        await end('SIGKILL')
      )?.exited;
    },
    httpPort: () => running().httpPort,
    takeEnds: async () => {
      await starting;
      const taken = ends;
      ends = [];
      return taken;
    },
    takePeakMemory: () => takePeakMemory(running().pid),
  };
}

function describeEnd(code: number | null, output: string): string {
  if (code === null) return 'killed: more memory than it has';
  const lines = output.trimEnd().split('\n');
  const fatal = lines.find((line) => line.includes('FATAL ERROR')) ?? lines.at(-1) ?? '';
  return `exit code ${code}: ${fatal.slice(0, 160)}`;
}
