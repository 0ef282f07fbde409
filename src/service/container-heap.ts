/**
 * Of a container's memory Node gives V8's heap one half, and V8 ends the process when that is full, however much of the
 * other half is free. This service has little outside its heap: 60 MiB for Node itself, TLS and buffers.
 */
const HEAP_PERCENT = 70;
/** From here on half of the memory is more heap than a million JWTs need. Bytes. */
const LARGE = 4 * 1024 ** 3;
/** What somebody set himself stays. */
const OWN_SIZE = /--max[-_](old[-_]space[-_]size|heap[-_]size)/;

interface Surroundings {
  /** Memory that the container may use, in bytes; 0 when there is no limit. */
  readonly limit: number;
  readonly flags: readonly string[];
  readonly nodeOptions: string | undefined;
}

/** Flags of Node that size its heap to the container; `undefined` when it is right as it is. */
export function findHeapFlags({
  limit,
  flags,
  nodeOptions = '',
}: Surroundings): readonly string[] | undefined {
  const isOwn = [nodeOptions, ...flags].some((text) => OWN_SIZE.test(text));
  if (limit === 0 || limit >= LARGE || isOwn) return undefined;
  return [`--max-old-space-size-percentage=${HEAP_PERCENT}`];
}

/**
 * Begins this process again with a heap that fits the container, since a heap cannot grow beyond what it was started
 * with: same process id, arguments and streams, 30 ms. Does nothing where it fits already; the image's entry point says
 * the same flags at once.
 */
export function fitHeapToContainer({ execPath, execArgv, argv, env }: NodeJS.Process): void {
  const limit = process.constrainedMemory();
  const flags = findHeapFlags({ limit, flags: execArgv, nodeOptions: env['NODE_OPTIONS'] });
  if (flags === undefined || process.execve === undefined) return;
  process.execve(execPath, [execPath, ...flags, ...execArgv, ...argv.slice(1)], env);
}
