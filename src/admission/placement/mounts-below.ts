import type { MountShape } from '../pod-shape.ts';

/** A mount, its place in the container's list, and its path with a slash at the end: with that, all paths below begin. */
interface PlacedMount {
  readonly mount: MountShape;
  readonly index: number;
  readonly start: string;
}

/**
 * A directory of a container at which volumes that show tokens are mounted, and what is mounted below it. An example: with
 * such volumes v and w at `/a`, and others at `/a/b/c`, `/a/b/d` and `/a/e`, `parents` are v and w, and `below` has the mount
 * at `/a/b/c` for `b`, and that at `/a/e` for `e`.
 */
export interface ParentDirectory {
  /** As in `PlacedMount`. */
  readonly start: string;
  /** The first mount of each volume, by its name. */
  readonly parents: Map<string, MountShape>;
  /** The first mount below, by the first part of the path from here. */
  below: Map<string, PlacedMount> | undefined;
}

/**
 * The directories of a container at which these volumes are mounted. Where the mounts are sorted, all below a directory come
 * right after it: one walk finds them, with the directories above the present mount open. Nothing is made for a part of a path
 * at which nothing is mounted: a path may have 2,000.
 */
export function findParents(
  mounts: readonly MountShape[],
  volumes: { readonly has: (name: string) => boolean },
): readonly ParentDirectory[] {
  const found: ParentDirectory[] = [];
  const open: ParentDirectory[] = [];
  for (const placed of sortByPath(mounts)) {
    const { mount, start } = placed;
    let last = open.at(-1);
    while (last !== undefined && !start.startsWith(last.start)) {
      open.pop();
      last = open.at(-1);
    }
    for (const directory of open) if (directory.start !== start) addBelow(directory, placed);
    if (!volumes.has(mount.volume)) continue;
    if (last?.start !== start) {
      last = { start, parents: new Map(), below: undefined };
      found.push(last);
      open.push(last);
    }
    if (!last.parents.has(mount.volume)) last.parents.set(mount.volume, mount);
  }
  return found;
}

/** Below the root, `//` with a slash at its end, nothing begins: a mount there has none below. */
function sortByPath(mounts: readonly MountShape[]): readonly PlacedMount[] {
  const placed = mounts.map((mount, index) => ({ mount, index, start: `${mount.path}/` }));
  return placed.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

function addBelow(directory: ParentDirectory, placed: PlacedMount): void {
  const part = firstPart(placed.start.slice(directory.start.length));
  const known = directory.below?.get(part);
  if (known !== undefined && known.index < placed.index) return;
  directory.below ??= new Map();
  directory.below.set(part, placed);
}

/** The name of the first file or directory on a relative path: `b` of `b/c`. */
export function firstPart(path: string): string {
  const end = path.indexOf('/');
  return end === -1 ? path : path.slice(0, end);
}
