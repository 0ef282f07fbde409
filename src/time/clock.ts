/** Something that will happen later; `cancel` after it happened is harmless. */
export interface Timer {
  cancel(): void;
}

/** Time as the shell sees it. Everything that waits gets one of these, so that tests can run months in a moment. */
export interface Clock {
  /** Milliseconds since the epoch. May jump in either direction (NTP, an administrator, a resumed VM). */
  now(): number;
  /** Milliseconds since an arbitrary moment, never backwards; it may stand still while the machine is suspended. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with `signal.reason` as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `action` once after `ms` milliseconds of any length. What it throws is an uncaught exception. */
  setTimer(ms: number, action: () => void): Timer;
}

/** `setTimeout` keeps its delay in 31 bits: more than 24.8 days would fire at once. Longer waits go in steps of a day. */
const LONGEST_STEP_MS = 86_400_000;

/** The clock of the machine. A pending timer keeps the process alive: whoever starts one cancels it when stopping. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: startTimer,
  sleep: (ms, signal) => sleepWith(startTimer, ms, signal),
};

function startTimer(ms: number, action: () => void): Timer {
  const end = performance.now() + ms;
  let handle: NodeJS.Timeout;
  const step = (): void => {
    const rest = end - performance.now();
    if (rest > LONGEST_STEP_MS) handle = setTimeout(step, LONGEST_STEP_MS);
    else handle = setTimeout(action, Math.max(0, rest));
  };
  step();
  return { cancel: () => clearTimeout(handle) };
}

/** A `sleep` made of any `setTimer`: also the virtual clock of the tests uses it. */
export function sleepWith(
  setTimer: Clock['setTimer'],
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal));
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      if (signal !== undefined) reject(reasonOf(signal));
    };
    const timer = setTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
