import { formatDuration } from './format-time.ts';
import { toSeconds, type Milliseconds } from './units.ts';

/** Waiting times after failures. */
export interface Backoff {
  readonly first: Milliseconds;
  readonly longest: Milliseconds;
}

/** For what is tried three times at most, as it is of no use later: 1 s, then 2 s. */
export const FEW_TRIES: Backoff = { first: 1_000, longest: 2_500 };

/** For what is tried again as long as it is wanted: what fails at the API server, or is undone by others (docs/reasons.md). */
export const MANY_TRIES: Backoff = { first: 1_000, longest: 300_000 };

/** The waits in words for people: `1 s, 2 s … 5 min`. */
export function describeBackoff({ first, longest }: Backoff): string {
  const [once, twice, most] = [first, 2 * first, longest].map((wait) => formatDuration(toSeconds(wait)));
  return `${once}, ${twice} … ${most}`;
}

/** How much longer a wait may be at random, in parts of it, so that what failed together does not come back together. */
const RANDOM_SHARE = 0.25;

/**
 * How long to wait after the `failures`-th failure in a row (1, 2, …): doubles from `first` on, never shorter than that
 * nor longer than `longest`, the jitter included. `random` gives numbers in [0, 1).
 */
export function backoffDelay(
  { first, longest }: Backoff,
  failures: number,
  random: () => number,
): Milliseconds {
  const doubled = first * 2 ** Math.min(failures - 1, 32);
  return Math.min(doubled, longest / (1 + RANDOM_SHARE)) * (1 + RANDOM_SHARE * random());
}
