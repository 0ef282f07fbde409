/** From here on what Node takes by itself is more than a million JWTs need. Bytes. */
const LARGE = 4 * 1024 ** 3;

/** Flags of Node, each with what somebody may have set himself instead: that stays. */
const HEAP_FLAGS: readonly (readonly [flag: string, own: RegExp])[] = [
  /**
   * Of a container's memory Node gives V8's heap one half, and V8 ends the process when that is full, however much of the
   * other half is free. This service has little outside its heap: 60 MiB for Node itself, TLS and buffers.
   */
  ['--max-old-space-size-percentage=70', /--max[-_](old[-_]space[-_]size|heap[-_]size)/],
  /**
   * New objects get a place of 1 MiB in a heap of that size. What is parsed of one large body or list fills it several
   * times over, and each time all that is alive is copied: with 4 MiB hostile bodies took about half as much garbage
   * collection, and a start with 100,000 JWTs a sixth less CPU. MiB.
   */
  ['--max-semi-space-size=4', /--max[-_]semi[-_]space[-_]size/],
];

/**
 * What lies outside the heap, glibc's malloc seldom gives back: it has a heap for each thread, and takes large blocks from
 * them, too, once it has seen one freed (mallopt(3)). After a minute of hostile clients 240 MiB of 370 were memory that
 * nobody used. With one heap, and blocks from 128 KiB on always taken from and given back to the system, it is half.
 * Other C libraries do not know these names.
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
  /** Of Node. */
  readonly flags: readonly string[];
  readonly env: Environment;
}

/** What Node is to be started with. */
interface Fit {
  readonly flags: readonly string[];
  readonly env: Environment;
}

/** Flags and environment that fit the process to its container; `undefined` when it is right as it is. */
export function fitToContainer({ limit, flags, env }: Surroundings): Fit | undefined {
  if (limit === 0 || limit >= LARGE) return undefined;
  const given = [env['NODE_OPTIONS'] ?? '', ...flags].join(' ');
  const missing = HEAP_FLAGS.filter(([, own]) => !own.test(given)).map(([flag]) => flag);
  const isFrugal = Object.keys(FRUGAL_MALLOC).some((name) => env[name] !== undefined);
  if (missing.length === 0 && isFrugal) return undefined;
  return { flags: [...missing, ...flags], env: isFrugal ? env : { ...env, ...FRUGAL_MALLOC } };
}

/**
 * Begins this process again so that its memory fits the container, since neither heap can be told later: same process id,
 * arguments and streams, 30 ms. Does nothing where it fits already.
 */
export function fitHeapToContainer({ execPath, execArgv, argv, env }: NodeJS.Process): void {
  const fit = fitToContainer({ limit: process.constrainedMemory(), flags: execArgv, env });
  if (fit === undefined || process.execve === undefined) return;
  process.execve(execPath, [execPath, ...fit.flags, ...argv.slice(1)], fit.env);
}
