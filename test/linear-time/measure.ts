/** The kernel counts the CPU time of a thread in ticks of up to 4 ms: a sample, in microseconds, takes ten of them. */
const SAMPLE_US = 40_000;
/** Whatever else the machine does and the garbage collector needs: one quiet pair of samples in so many is enough. */
const TRIES = 8;
/**
 * What takes less than this, in milliseconds, has not made a step for each pair of 5,000 characters, which is the least
 * that a parser is given; of so short a time no growth can be told.
 */
const TOO_SHORT_MS = 1;

/**
 * Whether `work` takes at most `most` times as long for `double` as for `single`, in CPU time of this thread, which
 * other processes do not lengthen; of each the fastest of a few samples counts.
 */
export async function growsAtMost<Input>(
  work: (input: Input) => unknown,
  single: Input,
  double: Input,
  most: number,
): Promise<boolean> {
  let [fastest, fastestDouble] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await isShort(() => work(double))) return true;
    fastest = Math.min(fastest, await sample(() => work(single)));
    fastestDouble = Math.min(fastestDouble, await sample(() => work(double)));
    if (fastestDouble <= most * fastest) return true;
  }
  return false;
}

async function isShort(call: () => unknown): Promise<boolean> {
  const startedAt = performance.now();
  await call();
  return performance.now() - startedAt < TOO_SHORT_MS;
}

/** Microseconds of one call, the mean of as many as make a sample. */
async function sample(call: () => unknown): Promise<number> {
  const before = cpuTime();
  for (let calls = 1; ; calls += 1) {
    await call();
    const spent = cpuTime() - before;
    if (spent >= SAMPLE_US) return spent / calls;
  }
}

function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
