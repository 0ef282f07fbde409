/** The lane that a key waits in. */
export type Lane = 'quick' | LimitedLane;
/** A lane whose rounds may be slow: together they hold no more than half of the workers. */
export type LimitedLane = 'fresh' | 'suspect';

/** Slow and failing rounds hold no more of the workers, so that they delay no renewal of others. */
const LIMITED_SHARE = 0.5;
/** The share of workers that fresh keys have whatever comes of all others, and suspects too. */
const MIN_SHARE = 0.125;
/** Extra rounds may start in place of slow ones; this is the maximum that may run for each worker. */
const MAX_ROUNDS_PER_WORKER = 4;

/** The limits for the numbers of running rounds: of 32 workers 16, 4 and 112. */
export interface LaneBounds {
  readonly workers: number;
  /** The limit for fresh keys and suspects together. */
  readonly limited: number;
  /** The places reserved for fresh keys, and as many for suspects: in these they begin whatever waits besides. */
  readonly reserved: number;
  /** The limit for quick keys, with those that have become slow: limited rounds have their own beside them. */
  readonly quickAndSlow: number;
}

/** The bounds for this number of workers; each lane has one at least. */
export function boundLanes(workers: number): LaneBounds {
  const limited = Math.max(1, Math.floor(workers * LIMITED_SHARE));
  const reserved = Math.max(1, Math.floor(workers * MIN_SHARE));
  return {
    workers,
    limited,
    reserved,
    quickAndSlow: workers * MAX_ROUNDS_PER_WORKER - limited,
  };
}
