import { DAY_MS, type Milliseconds } from './units.ts';

/** Something that will happen later; `cancel` after it happened is harmless. */
export interface Timer {
  cancel(): void;
}

/** Time as the shell sees it. Everything that waits gets one of these, so that tests can run months in a moment. */
export interface Clock {
  /** Since the epoch. May jump in either direction (NTP, an administrator, a resumed VM). */
  now(): Milliseconds;
  /** Since an arbitrary moment, never backwards; it may stand still while the machine is suspended. */
  monotonic(): Milliseconds;
  /** True after that time; false as soon as `signal` is aborted, at once if it was before. Never rejects. */
  sleep(time: Milliseconds, signal?: AbortSignal): Promise<boolean>;
  /** Calls `action` once after that time, however long it is. What it throws is an uncaught exception. */
  setTimer(time: Milliseconds, action: () => void): Timer;
}

/** `setTimeout` keeps its delay in 31 bits: more than 24.8 days would fire at once. Longer waits go in steps of a day. */
const MAX_STEP_MS = DAY_MS;

/** The clock of the machine. A pending timer keeps the process alive: code that starts one cancels it when stopping. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: startTimer,
  sleep: (time, signal) => sleepWith(startTimer, time, signal),
};

function startTimer(time: Milliseconds, action: () => void): Timer {
  const end = performance.now() + time;
  let handle: NodeJS.Timeout;
  const step = (): void => {
    const rest = end - performance.now();
    if (rest > MAX_STEP_MS) handle = setTimeout(step, MAX_STEP_MS);
    else handle = setTimeout(action, Math.max(0, rest));
  };
  step();
  return { cancel: () => clearTimeout(handle) };
}

/**
 * A `sleep` made of any `setTimer`: the virtual clock of the tests uses it, too.
 *
 * @internal
 */
export function sleepWith(
  setTimer: Clock['setTimer'],
  time: Milliseconds,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve(false);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      resolve(false);
    };
    const timer = setTimer(time, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve(true);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
