/** A sample repeats the call for this many milliseconds, so that the steps of the clock do not count. */
const SAMPLE_MS = 2;
/** The minimum number of samples, since the first ones run code that is not compiled yet. */
const MIN_TRIES = 2;
/** One pair of samples in this many is enough, if neither the machine nor the garbage collector disturbed it. */
const MAX_TRIES = 40;
/**
 * What takes less than this, in milliseconds, has not made a step for each pair of 5,000 characters, which is the least
 * that a parser is given; in so short a time no growth can be seen.
 */
const TOO_SHORT_MS = 1;
/**
 * The larger input is twice the smaller one, twice, and twice again: what is linear takes 8 times as long for it, what
 * is quadratic 64 times. Over one doubling, 2 and 4 times, a busy machine hides the difference.
 */
const DOUBLINGS = 3;
export const GROWTH = 2 ** DOUBLINGS;

/**
 * How many times as long `work` takes for double the input, the mean of some doublings: `large` is eight times `small`, unless
 * `doublings` says otherwise. Of each the fastest sample counts, which others have lengthened least. It is measured again,
 * up to `tries`, while the answer is above `most`. 0: too short to measure.
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
    // Both samples take about as long: what others do to caches meets what is long more often than what is short.
    fastest = Math.min(fastest, await sample(() => work(small), 2 ** doublings));
    fastestLarge = Math.min(fastestLarge, await sample(() => work(large), 1));
    growth = fastestLarge < TOO_SHORT_MS ? 0 : (fastestLarge / fastest) ** (1 / doublings);
  }
  return growth;
}

/** Milliseconds of one call, the mean of as many as make a sample. */
async function sample(call: () => unknown, leastCalls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let calls = 1; ; calls += 1) {
    await call();
    if (calls % leastCalls !== 0) continue; // to look costs microseconds, as much as what is short
    const passed = readCpuMs(before);
    if (passed >= SAMPLE_MS) return passed / calls;
  }
}

/**
 * CPU time of this process since `before`, which other processes do not lengthen by taking turns. Linux knows that of a
 * process to the microsecond, and that of a thread (`process.threadCpuUsage`) in ticks of up to 4 ms.
 */
function readCpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
