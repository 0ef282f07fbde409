import type { Ground } from './ground.ts';

/** How long until a successor leads when the leader says nothing any more, in ms; retries and jitter included. */
export function takeOverTime({ arena: { lease } }: Ground): number {
  return lease.duration + 3 * lease.retryPeriod + 5_000;
}
