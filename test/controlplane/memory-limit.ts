import { randomUUID } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReaper } from './reaper.ts';

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: readonly string[]];

/**
 * A memory limit for a process, as the kubelet sets it on a container. Dispose of it after the processes
 * under it have ended; it also ends with this process, however that ends. Disposing throws if a process still
 * uses it after 10 s.
 */
export interface MemoryLimit extends AsyncDisposable {
  readonly bytes: number;
  /** How it is enforced, in words for a report. */
  readonly means: string;
  /** Gives the command that runs another one under the limit. */
  readonly wrap: (command: Command) => Command;
}

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';

/** The share of a container's memory that the service gives to its heap (src/process/container-heap.ts). */
const HEAP_SHARE = 0.7;

/**
 * Makes a cgroup with that limit if this process can create one (root, version 1 or 2). Otherwise only V8's
 * heap limit applies, and the caller watches the resident memory. Programs started under it see the limit as
 * in a container.
 */
export async function limitMemory(bytes: number): Promise<MemoryLimit> {
  const name = `jwt-injector-test-${process.pid}-${randomUUID()}`;
  if (isWritable(join(V1, 'cgroup.procs'))) {
    return cgroup(join(V1, name), bytes, { limit: 'memory.limit_in_bytes', means: 'cgroup v1' });
  }
  const hasController =
    isWritable(join(V2, 'cgroup.subtree_control')) &&
    readFileSync(join(V2, 'cgroup.subtree_control'), 'utf8').includes('memory');
  if (hasController) return cgroup(join(V2, name), bytes, { limit: 'memory.max', means: 'cgroup v2' });
  return limitHeap(bytes);
}

/** The limit without a cgroup. A flag of Node for a share of the memory is left out: that of the whole machine would win. */
export function limitHeap(bytes: number): MemoryLimit {
  const megabytes = Math.floor((bytes * HEAP_SHARE) / 2 ** 20);
  return {
    bytes,
    means: `V8 heap limit of ${megabytes} MiB (no right to create a cgroup)`,
    wrap: ([program, ...args]) => [
      program,
      `--max-old-space-size=${megabytes}`,
      ...args.filter((arg) => !arg.startsWith('--max-old-space-size-percentage=')),
    ],
    [Symbol.asyncDispose]: async () => {},
  };
}

async function cgroup(
  folder: string,
  bytes: number,
  { limit, means }: { readonly limit: string; readonly means: string },
): Promise<MemoryLimit> {
  await using opened = new AsyncDisposableStack();
  const reaper = await startReaper();
  opened.defer(async () => {
    await reaper.finish(); // the kernel releases an ended process a moment later: the reaper tries for 10 s
    if (!existsSync(folder)) return;
    const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8').trim().split('\n');
    throw new Error(`${folder} could not be removed: it still has the processes ${pids.join(', ')}`);
  });
  reaper.remove(folder);
  mkdirSync(folder);
  writeFileSync(join(folder, limit), String(bytes));
  const limited = opened.move();
  return {
    bytes,
    means,
    // The shell moves itself into the cgroup, then becomes the program: its pid stays the same.
    wrap: (command) => [
      '/bin/sh',
      '-c',
      'echo $$ > "$0" && exec "$@"',
      join(folder, 'cgroup.procs'),
      ...command,
    ],
    [Symbol.asyncDispose]: () => limited.disposeAsync(),
  };
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
