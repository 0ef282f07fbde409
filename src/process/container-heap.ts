import { isMeasuredV8 } from './garbage-collection.ts';

/** With this much memory, the heap that Node chooses by itself is more than a million JWTs need. Bytes. */
const LARGE = 4 * 1024 ** 3;

/** The share of the container's memory that V8's heap gets, in percent. */
const HEAP_PERCENT = 70;
/** Node knows its flag for a percentage from this version on. */
const FIRST_WITH_PERCENTAGE = { major: 24, minor: 6 };

/** A flag of Node, with the flags by which an administrator may have set the same: then theirs stays. */
type HeapFlag = readonly [flag: string, own: RegExp];

/**
 * Node gives V8's heap one half of a container's memory, and V8 ends the process when that half is full, even if the
 * other one is free. This service has little outside its heap: 60 MiB for Node itself, TLS and buffers. In MiB where Node
 * does not know the percentage: it would not start.
 */
function flagOfHeapSize({ limit, node }: Pick<Surroundings, 'limit' | 'node'>): HeapFlag {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const first = FIRST_WITH_PERCENTAGE;
  const knowsPercentage = major > first.major || (major === first.major && minor >= first.minor);
  const flag = knowsPercentage
    ? `--max-old-space-size-percentage=${HEAP_PERCENT}`
    : `--max-old-space-size=${Math.floor((limit * HEAP_PERCENT) / 100 / 1024 ** 2)}`;
  return [flag, /--max[-_](old[-_]space[-_]size|heap[-_]size)/];
}

/**
 * By default, a heap of that size has a space of 1 MiB for new objects. Parsing one large body or list fills it several
 * times, and each time all objects that are in use are copied: with 4 MiB, hostile bodies took about half as much
 * garbage collection, and a start with 100,000 JWTs a sixth less CPU. In MiB.
 */
const SEMI_SPACE_FLAG: HeapFlag = ['--max-semi-space-size=4', /--max[-_]semi[-_]space[-_]size/];

/** Flags for the V8 that they were measured with; Node does not start with a flag that its V8 lacks. */
const COLLECTOR_FLAGS: readonly HeapFlag[] = [
  /**
   * V8 marks what is alive in up to four threads beside the work, which get most of two cores while the one that answers reviews
   * waits for its turn, and use up a CPU limit four times as fast. One thread is enough: 100,000 JWTs are marked in 0.3 s.
   */
  ['--concurrent-marking-max-worker-num=1', /--concurrent[-_]marking[-_]max[-_]worker[-_]num/],
  /**
   * By default, new objects are not collected while V8 marks the others. Under load they fill what is left of such a heap before
   * it has finished, and it marks the rest in one go: with 100,000 JWTs reviews then waited up to 150 ms.
   */
  ['--no-separate-gc-phases', /--(no[-_])?separate[-_]gc[-_]phases/],
];

/**
 * glibc's malloc seldom gives memory outside the heap back to the system: it has a heap of its own for each thread, and
 * takes large blocks from these, too, once it has seen one freed (mallopt(3)). After a minute of hostile clients, 240 MiB
 * of 370 were memory that nobody used. With one such heap, and with blocks of 128 KiB or more always taken from the system
 * and given back to it, it is half. Other C libraries do not know these names.
 */
const FRUGAL_MALLOC = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

interface Surroundings {
  /** Memory that the container may use, in bytes; 0 when there is no limit. */
  readonly limit: number;
  /** The flags of Node. */
  readonly flags: readonly string[];
  readonly env: Environment;
  /** Version of Node, such as `24.21.0`. */
  readonly node: string;
  /** Version of V8. */
  readonly v8: string;
}

/** The flags and environment that Node should be started with. */
interface Fit {
  readonly flags: readonly string[];
  readonly env: Environment;
}

/**
 * Flags and environment that fit the process to its container; `undefined` when nothing has to change. The image starts Node
 * with these flags, so that nothing has to begin again in it. A flag on the command line would win over the same one in
 * `NODE_OPTIONS`, which an administrator can set: then it is left out.
 *
 * @internal
 */
export function fitToContainer({ limit, flags, env, node, v8 }: Surroundings): Fit | undefined {
  const collectorFlags = isMeasuredV8(v8) ? COLLECTOR_FLAGS : [];
  const known = [flagOfHeapSize({ limit, node }), SEMI_SPACE_FLAG, ...collectorFlags];
  const others = flags.filter((flag) => !known.some(([ours]) => ours === flag));
  const given = [env['NODE_OPTIONS'] ?? '', ...others].join(' ');
  const isLimited = limit > 0 && limit < LARGE;
  const wanted = known
    .filter(([flag, own]) => (isLimited || flags.includes(flag)) && !own.test(given))
    .map(([flag]) => flag);
  const hasWanted =
    wanted.length + others.length === flags.length && wanted.every((flag) => flags.includes(flag));
  const isFrugal = !isLimited || Object.keys(FRUGAL_MALLOC).some((name) => env[name] !== undefined);
  if (hasWanted && isFrugal) return undefined;
  return { flags: [...wanted, ...others], env: isFrugal ? env : { ...env, ...FRUGAL_MALLOC } };
}

/**
 * Begins this process again so that its memory fits the container, since the limits of neither heap can be changed
 * later: same process id, arguments and streams, 30 ms. Does nothing where it fits already.
 */
export function fitHeapToContainer({ execPath, execArgv, argv, env, versions }: NodeJS.Process): void {
  const { node, v8 } = versions;
  const fit = fitToContainer({ limit: process.constrainedMemory(), flags: execArgv, env, node, v8 });
  if (fit === undefined || process.execve === undefined) return;
  process.execve(execPath, [execPath, ...fit.flags, ...argv.slice(1)], fit.env);
}
