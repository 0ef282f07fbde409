import type { ShownFile } from './shown-file.ts';
import { isWithin } from './paths.ts';
import type { ContainerShape, MountShape } from './pod-shape.ts';
import type { ShowingVolumes } from './token-volume.ts';

/** First parts of paths in a volume, by the name of the volume. */
type Parts<Value> = ReadonlyMap<string, ReadonlyMap<string, Value>>;

/** A directory of a container, on the way to mounts of volumes that show tokens. */
interface Directory {
  readonly below: Map<string, Directory>;
  /** The volumes that are mounted there. */
  readonly volumes: string[];
  /** The first mount below, by the first part of the path from here. */
  readonly mounts: Map<string, MountShape>;
}

/**
 * The mounts below mounts of the volumes that show tokens. For each of them, in whichever container, the kubelet makes a
 * directory in the volume (`getNestedMountpoints`) instead of a link to what the volume has in that first part of the path
 * (`AtomicWriter`): no mount of the volume shows that part then. It does so whatever the `subPath` is, but not for a mount
 * at the root.
 */
export class NestedMounts {
  /** The parts of token files alone. */
  readonly #shown: Parts<true>;
  readonly #covers: Parts<MountShape>;

  /** Linear in the length of all paths, however many mounts are below how many others. */
  constructor(containers: readonly ContainerShape[], showing: readonly ShowingVolumes[]) {
    this.#shown = shownParts(showing);
    this.#covers = findCovers(containers, this.#shown);
  }

  /** The mount that takes the place of the file in its volume. */
  findCover({ mount: { volume, path, subPath }, file }: ShownFile): MountShape | undefined {
    const below = path === '/' ? file.slice(1) : file.slice(path.length + 1);
    return this.#covers
      .get(volume)
      ?.get(firstPart(subPath === undefined || subPath === '' ? below : subPath));
  }

  /** The mount of a part of a volume below which a new mount at the path would take the place of a token file in that volume. */
  findHidden({ mounts }: ContainerShape, path: string): MountShape | undefined {
    return mounts.find((mount) => {
      if (mount.subPath === '' || mount.path === '/') return false;
      if (!isWithin(mount.path, path)) return false;
      return this.#shown.get(mount.volume)?.has(firstPart(path.slice(mount.path.length + 1))) === true;
    });
  }
}

function shownParts(showing: readonly ShowingVolumes[]): Parts<true> {
  const parts = new Map<string, Map<string, true>>();
  for (const volumes of showing) {
    for (const [volume, files] of volumes) {
      for (const file of files) addPart(parts, volume, firstPart(file), true);
    }
  }
  return parts;
}

function findCovers(containers: readonly ContainerShape[], shown: Parts<true>): Parts<MountShape> {
  const covers = new Map<string, Map<string, MountShape>>();
  for (const { mounts } of containers) {
    const ofTokens = mounts.filter(({ volume }) => shown.has(volume));
    if (ofTokens.length === 0 || mounts.length === 1) continue;
    for (const directory of mountedDirectories(ofTokens, mounts)) {
      for (const volume of directory.volumes) {
        for (const part of shown.get(volume)?.keys() ?? []) {
          const cover = directory.mounts.get(part);
          if (cover !== undefined) addPart(covers, volume, part, cover);
        }
      }
    }
  }
  return covers;
}

/** The directories at which volumes of tokens are mounted in a container, with all mounts below. */
function mountedDirectories(
  ofTokens: readonly MountShape[],
  mounts: readonly MountShape[],
): readonly Directory[] {
  const root = makeDirectory();
  const found = new Set<Directory>();
  for (const { path, volume } of ofTokens) {
    let directory = root;
    for (const part of path.split('/')) {
      const next = directory.below.get(part) ?? makeDirectory();
      directory.below.set(part, next);
      directory = next;
    }
    directory.volumes.push(volume);
    found.add(directory);
  }
  for (const mount of mounts) {
    let directory: Directory | undefined = root;
    for (const part of mount.path.split('/')) {
      if (!directory.mounts.has(part)) directory.mounts.set(part, mount);
      directory = directory.below.get(part);
      if (directory === undefined) break;
    }
  }
  return [...found];
}

function makeDirectory(): Directory {
  return { below: new Map(), volumes: [], mounts: new Map() };
}

function firstPart(path: string): string {
  const end = path.indexOf('/');
  return end === -1 ? path : path.slice(0, end);
}

/** The first value of a part stays. */
function addPart<Value>(
  parts: Map<string, Map<string, Value>>,
  volume: string,
  part: string,
  value: Value,
): void {
  const known = parts.get(volume);
  if (known === undefined) parts.set(volume, new Map([[part, value]]));
  else if (!known.has(part)) known.set(part, value);
}
