import type { Clock } from './clock.ts';

/** A signal that is aborted by the caller's own or when the time is over. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** The time was over before the caller gave up. */
  readonly expired: () => boolean;
  /** Milliseconds left. */
  readonly remaining: () => number;
  readonly deadlineMs: number;
  /** Releases the timer and the caller's signal; to be called whatever happened. */
  readonly end: () => void;
}

/** `AbortSignal.any` and `.timeout` would do, at ten times the cost, and hold on to a long-lived `signal`. */
export function limitTime(clock: Clock, deadlineMs: number, signal: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const end = clock.monotonic() + deadlineMs;
  let expired = false;
  const timer = clock.setTimer(deadlineMs, () => {
    expired = true;
    controller.abort();
  });
  const onAbort = (): void => controller.abort();
  if (signal?.aborted === true) controller.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    deadlineMs,
    expired: () => expired,
    remaining: () => end - clock.monotonic(),
    end: () => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}
