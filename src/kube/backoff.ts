const FIRST_MS = 1_000;
/** client-go's 30 s are meant for thousands of kubelets; what changed during an outage is to be noticed sooner. */
const LONGEST_MS = 10_000;
/** Share that is random, so that the watches of all replicas do not come back together. */
const JITTER = 0.25;

/** How long to wait before a watch is tried again after `failures` (1, 2, …) in a row. Milliseconds. */
export function watchDelay(failures: number, random: () => number): number {
  const doubled = Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 16), LONGEST_MS / (1 + JITTER));
  return doubled * (1 + JITTER * random());
}
