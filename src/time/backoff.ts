import { formatDuration } from './format-time.ts';
import { toSeconds, type Milliseconds } from './units.ts';

/** Waiting times after failures. */
export interface Backoff {
  readonly firstMs: Milliseconds;
  readonly longestMs: Milliseconds;
}

/** For what is tried three times at most, as it is of no use later: 1 s, then 2 s. */
export const FEW_TRIES: Backoff = { firstMs: 1_000, longestMs: 2_500 };

/** For what is tried again as long as it is wanted: what fails at the API server, or is undone by others (docs/reasons.md). */
export const MANY_TRIES: Backoff = { firstMs: 1_000, longestMs: 300_000 };

/** The waits in words for people: `1 s, 2 s … 5 min`. */
export function describeBackoff({ firstMs, longestMs }: Backoff): string {
  const [first, second, longest] = [firstMs, 2 * firstMs, longestMs].map((wait) =>
    formatDuration(toSeconds(wait)),
  );
  return `${first}, ${second} … ${longest}`;
}

/** How much longer a wait may be at random, in parts of it, so that what failed together does not come back together. */
const RANDOM_SHARE = 0.25;

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
  return Math.min(doubled, longestMs / (1 + RANDOM_SHARE)) * (1 + RANDOM_SHARE * random());
}
