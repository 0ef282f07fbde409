/** The lane that a key waits in, as `chooseLane` says; suspects, whose last round failed or was slow, wait in two. */
export type Lane = 'quick' | LimitedLane;
/** A lane whose rounds may be slow: together they hold no more than half of the workers. */
export type LimitedLane = 'fresh' | 'late' | 'suspect';

/** Slow and failing rounds hold no more of the workers, so that they delay no renewal of others. */
const LIMITED_SHARE = 0.5;
/** The share of workers that each of these lanes has whatever waits in the others. */
const MIN_SHARE = 0.125;
/** The share of workers that each namespace has in the late lane. */
const NAMESPACE_SHARE = 0.25;
/** Extra rounds may start in place of slow ones; this is the maximum that may run for each worker. */
const MAX_ROUNDS_PER_WORKER = 4;

/** The limits for the numbers of running rounds: of 32 workers 16, 4, 8 and 112. */
export interface LaneBounds {
  readonly workers: number;
  /** The limit for all limited lanes together. */
  readonly limited: number;
  /** The places reserved for each limited lane: in these its keys begin whatever waits besides. */
  readonly reserved: number;
  /** The places of the late lane that each namespace may have, however many others have. */
  readonly ofNamespace: number;
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
    ofNamespace: Math.max(1, Math.floor(workers * NAMESPACE_SHARE)),
    quickAndSlow: workers * MAX_ROUNDS_PER_WORKER - limited,
  };
}
