import { setTimeout as sleep } from 'node:timers/promises';
import type { Excuse } from './case-file.ts';

/**
 * The pulse shows when the service can write at all: again and again the suite itself writes something, past the proxies, and
 * looks whether a process leads. While it cannot, or none does, the service is not at fault: the API server or etcd is away, the
 * leader was ended or suspended, or the machine is too busy.
 */
export interface Pulse {
  /** The times without a beat until now; ms since the epoch. They can overlap. */
  pauses(): readonly Excuse[];
  /** The times in which the suite itself could not write. */
  stalls(): readonly Excuse[];
  stop(): Promise<void>;
}

export interface PulseOptions {
  /** Writes to the API server; throws if that fails. */
  readonly write: () => Promise<unknown>;
  /** Whether a process leads that runs. */
  readonly isLed: () => boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly intervalMs?: number;
  /** A longer time without a beat is a pause. */
  readonly pauseMs?: number;
}

const INTERVAL_MS = 500;
/** A write takes some milliseconds: one that takes half a second is slow. */
const PAUSE_MS = 1_000;

export function startPulse({
  write,
  isLed,
  now = Date.now,
  intervalMs = INTERVAL_MS,
  pauseMs = PAUSE_MS,
}: PulseOptions): Pulse {
  const ending = new AbortController();
  const [writing, leading] = [new Line(now(), pauseMs), new Line(now(), pauseMs)];
  const beat = async (): Promise<void> => {
    const isWritten = await write().then(
      () => true,
      () => false,
    );
    if (isWritten) writing.beat(now());
    if (isLed()) leading.beat(now());
  };
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await beat();
      await sleep(intervalMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    pauses: () => [...writing.pauses(now()), ...leading.pauses(now())],
    stalls: () => writing.pauses(now()),
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

/** The beats of one kind. */
class Line {
  readonly #pauseMs: number;
  readonly #pauses: Excuse[] = [];
  #beatAt: number;

  constructor(at: number, pauseMs: number) {
    this.#beatAt = at;
    this.#pauseMs = pauseMs;
  }

  beat(at: number): void {
    this.#pauses.push(...this.#present(at));
    this.#beatAt = at;
  }

  pauses(at: number): readonly Excuse[] {
    return [...this.#pauses, ...this.#present(at)];
  }

  #present(at: number): readonly Excuse[] {
    return at - this.#beatAt > this.#pauseMs ? [{ from: this.#beatAt, until: at }] : [];
  }
}
