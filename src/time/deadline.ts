import type { Clock } from './clock.ts';
import type { Milliseconds } from './units.ts';

/** The time that something may take, and its end by whichever comes first: that time, or the caller's own signal. */
export interface Deadline {
  /** Aborted at the end. */
  readonly signal: AbortSignal;
  /** The time was over before the caller gave up. */
  readonly expired: () => boolean;
  readonly remaining: () => Milliseconds;
  /** The time as it was given. */
  readonly time: Milliseconds;
  /** Releases the timer and the caller's signal; to be called whatever happened. */
  readonly release: () => void;
}

/** `AbortSignal.any` and `.timeout` would do, at ten times the cost, and hold on to a long-lived `signal`. */
export function startDeadline(clock: Clock, time: Milliseconds, signal: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const end = clock.monotonic() + time;
  let expired = false;
  const timer = clock.setTimer(time, () => {
    expired = true;
    controller.abort();
  });
  const onAbort = (): void => controller.abort();
  if (signal?.aborted === true) controller.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    time,
    expired: () => expired,
    remaining: () => end - clock.monotonic(),
    release: () => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
