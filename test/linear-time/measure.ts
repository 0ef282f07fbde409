/** A sample repeats the call for at least this time, so that the resolution of the clock does not matter. */
const SAMPLE_MS = 2;
/** The minimum number of samples, as the first ones run code that is not compiled yet. */
const MIN_TRIES = 2;
/**
 * The maximum number of pairs of samples. One is enough if neither the machine nor the garbage collector
 * disturbed it.
 */
const MAX_TRIES = 40;
/**
 * A call that takes less time than this, in milliseconds, cannot have done a step for each pair of 5,000
 * characters, the shortest input of a parser. In so short a time, growth cannot be measured.
 */
const TOO_SHORT_MS = 1;
/**
 * The larger input is the smaller one doubled three times: a linear parser takes 8 times as long for it, a
 * quadratic one 64 times. After one doubling, with factors of 2 and 4, a busy machine could hide the
 * difference.
 */
const DOUBLINGS = 3;
export const GROWTH = 2 ** DOUBLINGS;

/**
 * The factor by which `work` takes longer for double the input, as the mean of some doublings: `large` is
 * eight times `small`, unless `doublings` says otherwise. The fastest sample of each counts, as other
 * processes disturbed it least. Measured again, up to `tries` times, while the result is above `most`. 0: too
 * short to measure.
 */
export async function growthOf<Input>(
  work: (input: Input) => unknown,
  small: Input,
  large: Input,
  most: number,
  { doublings = DOUBLINGS, tries = MAX_TRIES } = {},
): Promise<number> {
  let [fastest, fastestLarge, growth] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  for (let tried = 0; tried < MIN_TRIES || (growth > most && tried < tries); tried += 1) {
    // Both samples take about the same time: other processes, through the caches, disturb a long sample more
    // often than a short one.
    fastest = Math.min(fastest, await sample(() => work(small), 2 ** doublings));
    fastestLarge = Math.min(fastestLarge, await sample(() => work(large), 1));
    growth = fastestLarge < TOO_SHORT_MS ? 0 : (fastestLarge / fastest) ** (1 / doublings);
  }
  return growth;
}

/** Milliseconds of one call, as the mean over a sample. */
async function sample(call: () => unknown, leastCalls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let calls = 1; ; calls += 1) {
    await call();
    if (calls % leastCalls !== 0) continue; // reading the clock takes microseconds, as long as a short call
    const passed = readCpuMs(before);
    if (passed >= SAMPLE_MS) return passed / calls;
  }
}

/**
 * CPU time of this process since `before`, which does not contain that of other processes. Linux counts the
 * CPU time of a process in microseconds, and that of a thread (`process.threadCpuUsage`) in ticks of up to 4
 * ms.
 */
function readCpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
