import type { Ground } from './ground.ts';

/** The time until a successor leads after the leader became silent, in ms, with retries and jitter. */
export function takeOverTime({ arena: { lease } }: Ground): number {
  return lease.duration + 3 * lease.retryPeriod + 5_000;
}
