import { sleepWith, type Clock, type Timer } from '../../src/time/clock.ts';

/** The clock of one process among several, which can be stopped while time passes for the others. */
export interface SuspendableClock extends Clock {
  /**
   * Stops the process, as SIGSTOP does, or the whole machine with its monotonic clock: its timers do not run.
   */
  pause(what: 'process' | 'machine'): void;
  /** Continues; timers that became due meanwhile run at once. */
  resume(): void;
  isPaused(): boolean;
  /** Resolves at once if the process runs, else when it continues. */
  awake(): Promise<void>;
}

/** @param skewMs how far the wall clock of this machine is ahead. */
export function suspendableClock(time: Clock, skewMs: () => number = () => 0): SuspendableClock {
  let pausedAt: number | undefined;
  let pausedWhat = 'process';
  let suspended = 0;
  const held: (() => void)[] = [];
  const setTimer = (ms: number, action: () => void): Timer => {
    let cancelled = false;
    const timer = time.setTimer(ms, () => {
      if (pausedAt === undefined) action();
      else held.push(() => (cancelled ? undefined : action()));
    });
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  };
  return {
    now: () => time.now() + skewMs(),
    monotonic: () => time.monotonic() - suspended,
    setTimer,
    sleep: (ms, signal) => sleepWith(setTimer, ms, signal),
    pause: (what) => {
      pausedAt ??= time.monotonic();
      pausedWhat = what;
    },
    resume: () => {
      if (pausedAt === undefined) return;
      if (pausedWhat === 'machine') suspended += time.monotonic() - pausedAt;
      pausedAt = undefined;
      for (const action of held.splice(0)) action();
    },
    isPaused: () => pausedAt !== undefined,
    awake: () =>
      pausedAt === undefined ? Promise.resolve() : new Promise((resolve) => void held.push(resolve)),
  };
}
