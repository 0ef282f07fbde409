import { sleepWith, type Clock, type Timer } from '../../src/time/clock.ts';

interface Pending {
  readonly at: number;
  readonly sequence: number;
  readonly action: () => void;
}

/** A clock that only moves when asked to. Timers run in order, each with `now` at its own time. */
export interface VirtualClock extends Clock {
  /** Lets `ms` milliseconds pass; after each timer all that it set off (promises, I/O that is ready) runs first. */
  advance(ms: number): Promise<void>;
  /** Runs from timer to timer until `condition` holds; false when `limitMs` have passed before. */
  advanceUntil(condition: () => boolean, limitMs: number): Promise<boolean>;
  /** Sets the wall clock forward (or, negative, back) without letting any time pass: NTP, an administrator. */
  jump(ms: number): void;
  /** Timers that are pending: 0 after everything was stopped. */
  pending(): number;
  /** Lets everything that is ready run, without any time passing. */
  settle(): Promise<void>;
}

/** Starts at 2026-01-01T00:00:00Z by default (milliseconds since the epoch). */
export function virtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
  let elapsed = 0;
  let offset = start;
  let sequence = 0;
  const timers = new Set<Pending>();

  const setTimer = (ms: number, action: () => void): Timer => {
    sequence += 1;
    const timer = { at: elapsed + Math.max(0, ms), sequence, action };
    timers.add(timer);
    return { cancel: () => timers.delete(timer) };
  };
  const earliest = (): Pending | undefined => {
    let found: Pending | undefined;
    for (const timer of timers) {
      if (
        found === undefined ||
        timer.at < found.at ||
        (timer.at === found.at && timer.sequence < found.sequence)
      )
        found = timer;
    }
    return found;
  };
  // Two turns: what one setImmediate phase resolved may schedule another turn's work.
  const settle = (): Promise<void> =>
    new Promise((resolve) => void setImmediate(() => void setImmediate(resolve)));
  const advanceUntil = async (condition: () => boolean, limitMs: number): Promise<boolean> => {
    const end = elapsed + limitMs;
    await settle();
    while (!condition()) {
      const next = earliest();
      if (next === undefined || next.at > end) {
        elapsed = end;
        return condition();
      }
      elapsed = Math.max(elapsed, next.at);
      timers.delete(next);
      next.action();
      await settle();
    }
    return true;
  };
  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    setTimer,
    sleep: (ms, signal) => sleepWith(setTimer, ms, signal),
    advance: async (ms) => {
      await advanceUntil(() => false, ms);
    },
    advanceUntil,
    jump: (ms) => {
      offset += ms;
    },
    pending: () => timers.size,
    settle,
  };
}
