import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: readonly string[]];

/** A limit on the memory of a process, as the kubelet sets it on a container. */
export interface MemoryLimit {
  readonly bytes: number;
  /** How it is enforced, in words for a report. */
  readonly means: string;
  /** The command that runs another one under the limit. */
  readonly wrap: (command: Command) => Command;
  /** Removes the cgroup once its processes have ended. */
  readonly close: () => Promise<void>;
}

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';

/** What the service gives its heap of a container's memory (src/process/container-heap.ts). */
const HEAP_SHARE = 0.7;

/**
 * A cgroup with that limit where this process may create one (root, version 1 or 2); elsewhere V8's heap limit alone,
 * and the caller watches the resident memory. Programs started under it see the limit as they would in a container.
 */
export function limitMemory(bytes: number): MemoryLimit {
  const name = `jwt-injector-test-${process.pid}-${randomUUID()}`;
  if (isWritable(join(V1, 'cgroup.procs'))) {
    return cgroup(join(V1, name), bytes, { limit: 'memory.limit_in_bytes', means: 'cgroup v1' });
  }
  const hasController =
    isWritable(join(V2, 'cgroup.subtree_control')) &&
    readFileSync(join(V2, 'cgroup.subtree_control'), 'utf8').includes('memory');
  if (hasController) return cgroup(join(V2, name), bytes, { limit: 'memory.max', means: 'cgroup v2' });
  const megabytes = Math.floor((bytes * HEAP_SHARE) / 2 ** 20);
  return {
    bytes,
    means: `V8 heap limit of ${megabytes} MiB (no right to create a cgroup)`,
    wrap: ([program, ...args]) => [program, `--max-old-space-size=${megabytes}`, ...args],
    close: async () => {},
  };
}

function cgroup(
  folder: string,
  bytes: number,
  { limit, means }: { readonly limit: string; readonly means: string },
): MemoryLimit {
  mkdirSync(folder);
  writeFileSync(join(folder, limit), String(bytes));
  return {
    bytes,
    means,
    // The shell moves itself, then becomes the program: its pid stays the same.
    wrap: (command) => [
      '/bin/sh',
      '-c',
      'echo $$ > "$0" && exec "$@"',
      join(folder, 'cgroup.procs'),
      ...command,
    ],
    close: async () => {
      // The kernel lets go of an ended process a moment later.
      for (let tries = 0; existsSync(folder) && tries < 100; tries += 1) {
        try {
          rmdirSync(folder);
        } catch {
          await sleep(50);
        }
      }
    },
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
