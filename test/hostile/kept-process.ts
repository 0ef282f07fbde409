import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../controlplane/service.ts';

/** A process that is started again at once when it ends by itself, as the kubelet does. */
export interface KeptProcess {
  start(): Promise<void>;
  /** SIGTERM, and no new start. Resolves when it has ended, to what was wrong with that, in words. */
  stop(): Promise<readonly string[]>;
  /** SIGKILL, and no new start; resolves when it has ended. */
  kill(): Promise<void>;
  /** Of probes and metrics. */
  httpPort(): number;
  /** How often it ended by itself since this was asked last, each with its last words. */
  takeEnds(): Promise<readonly string[]>;
  /** Of the one that runs, since this was called last: its largest resident memory, in bytes. */
  takePeakMemory(): number;
}

type Kept = Pick<Service, 'pid' | 'httpPort' | 'output' | 'kill' | 'exited'>;

/** Nothing runs before `start`. What runs `graceMs` after SIGTERM is killed, as the kubelet does. */
export function keepProcess(launch: () => Promise<Kept>, graceMs: number): KeptProcess {
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
      await start();
    };
    void restart();
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
    takePeakMemory: () => takePeak(running().pid),
  };
}

/** Linux keeps the peak of a process's resident memory until it is asked to begin again (proc(5), clear_refs). */
function takePeak(pid: number): number {
  try {
    const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0; // it ended this very moment
  }
}

function describeEnd(code: number | null, output: string): string {
  if (code === null) return 'killed: more memory than it has';
  const lines = output.trimEnd().split('\n');
  const fatal = lines.find((line) => line.includes('FATAL ERROR')) ?? lines.at(-1) ?? '';
  return `exit code ${code}: ${fatal.slice(0, 160)}`;
}
