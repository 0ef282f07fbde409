import { sleepWith, type Clock, type Timer } from '../../src/time/clock.ts';

interface Pending {
  readonly at: number;
  readonly sequence: number;
  readonly action: () => void;
}

/** A clock whose time only passes on request. Timers run in order, each with `now` at its own time. */
export interface VirtualClock extends Clock {
  /**
   * Lets `ms` milliseconds pass. After each timer, everything that it started (promises, I/O that is ready)
   * runs first.
   */
  advance(ms: number): Promise<void>;
  /** Runs timer after timer until `condition` is true; false if `limitMs` have passed before. */
  advanceUntil(condition: () => boolean, limitMs: number): Promise<boolean>;
  /**
   * Sets the wall clock forward (or, if negative, back) while no time passes, as NTP or an administrator
   * does.
   */
  jump(ms: number): void;
  /** Number of pending timers: 0 after everything was stopped. */
  pending(): number;
  /** Runs everything that is ready, while no time passes. */
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
  // Twice: promises that one setImmediate phase resolved can schedule work in another phase.
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
