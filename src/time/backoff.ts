import type { Milliseconds } from './units.ts';

/** Waiting times after failures. */
export interface Backoff {
  readonly firstMs: Milliseconds;
  readonly longestMs: Milliseconds;
}

/** Share of a waiting time that is random, so that what failed together does not come back together. */
const JITTER = 0.25;

/**
 * How long to wait after the `failures`-th failure in a row (1, 2, …): doubles from `firstMs` on, never shorter than that
 * nor longer than `longestMs`, the jitter included. `random` gives numbers in [0, 1).
 */
export function backoffDelay(
  { firstMs, longestMs }: Backoff,
  failures: number,
  random: () => number,
): Milliseconds {
  const doubled = firstMs * 2 ** Math.min(failures - 1, 32);
  return Math.min(doubled, longestMs / (1 + JITTER)) * (1 + JITTER * random());
}
