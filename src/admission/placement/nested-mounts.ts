import type { TokenMount } from '../decision.ts';
import type { ShownFile } from './shown-file.ts';
import { isWithin } from './paths.ts';
import type { ContainerShape, MountShape } from '../pod-shape.ts';
import type { ShowingVolumes } from '../token-volume.ts';

/** The first parts of the paths of token files in each volume, by its name. */
type ShownParts = ReadonlyMap<string, ReadonlySet<string>>;

/** A mount below a mount of a volume, which takes the place of a token file in the volume. */
export interface NestedCover {
  /** The name of the container that has both. */
  readonly container: string;
  readonly mount: MountShape;
  /** The mount of the volume. */
  readonly parent: MountShape;
  /** The one of both that is planned, and not there yet. */
  readonly planned: 'mount' | 'parent' | undefined;
}

/** A mount, its place in the container's list, and its path with a slash at the end: with that, all paths below begin. */
interface PlacedMount {
  readonly mount: MountShape;
  readonly index: number;
  readonly start: string;
}

/** A directory of a container at which volumes that show tokens are mounted. */
interface ParentDirectory {
  /** As in `PlacedMount`. */
  readonly start: string;
  /** The first mount of each volume. */
  readonly parents: Map<string, MountShape>;
  /** The first mount below, by the first part of the path from here. */
  below: Map<string, PlacedMount> | undefined;
}

const NONE: ReadonlySet<MountShape> = new Set();

/**
 * The mounts below mounts of the volumes that show tokens. For each of them, in whichever container, the kubelet makes a
 * directory in the volume (`getNestedMountpoints`) instead of a link to what the volume has in that first part of the path
 * (`AtomicWriter`): no mount of the volume shows that part then. It does so whatever the `subPath` is, but not for a mount
 * at the root.
 */
export class NestedMounts {
  readonly #shown: ShownParts;
  /** By the name of the volume, and the part. */
  readonly #covers: ReadonlyMap<string, ReadonlyMap<string, NestedCover>>;
  /** Whether one of the volumes has several places: a container mounts it already, or it shows several tokens. */
  readonly #haveSeveralPlaces: boolean;

  /**
   * The time, except for the sorting of a container's mounts, and the memory are linear in the length of all paths, however many
   * mounts are below how many others. Only the volumes that are mounted at one directory cost a product with what is below it:
   * their number, `isTooMuchWork` bounds.
   * @param planned the mounts of the containers that are not there yet.
   */
  constructor(
    containers: readonly ContainerShape[],
    showing: readonly ShowingVolumes[],
    planned: ReadonlySet<MountShape> = NONE,
  ) {
    const shown = shownParts(showing);
    this.#shown = shown;
    const covers = new Map<string, Map<string, NestedCover>>();
    const places = showing.reduce((sum, { size }) => sum + size, 0);
    let haveSeveralPlaces = places > shown.size;
    for (const container of containers) {
      if (!container.mounts.some(({ volume }) => shown.has(volume))) continue;
      haveSeveralPlaces = true;
      if (container.mounts.length > 1) addCovers(covers, container, shown, planned);
    }
    this.#covers = covers;
    this.#haveSeveralPlaces = haveSeveralPlaces;
  }

  /** The mount that takes the place of the file in its volume. */
  findCover({ mount: { volume, path, subPath }, file }: ShownFile): NestedCover | undefined {
    const below = path === '/' ? file.slice(1) : file.slice(path.length + 1);
    return this.#covers
      .get(volume)
      ?.get(firstPart(subPath === undefined || subPath === '' ? below : subPath));
  }

  /** Whether something takes the place of the file, whose path is that in the volume. */
  covers(volume: string, file: string): boolean {
    return this.#covers.get(volume)?.has(firstPart(file)) === true;
  }

  /**
   * Whether a token may disappear, in this container or another one, if the container gets these mounts as well. No token does
   * where each volume gets one place only: there the mounts of each container alone decide.
   */
  wouldChange({ mounts }: ContainerShape, added: readonly TokenMount[]): boolean {
    if (!this.#haveSeveralPlaces) return false;
    for (const { name, mountPath } of added) {
      for (const { volume, path } of mounts) {
        if (this.#takesPlace(mountPath, volume, path) || this.#takesPlace(path, name, mountPath)) return true;
      }
    }
    return false;
  }

  /** Whether a mount at `path` takes the place of a token file in the volume that is mounted at `directory`. */
  #takesPlace(path: string, volume: string, directory: string): boolean {
    if (directory === '/' || path === directory || !isWithin(directory, path)) return false;
    return this.#shown.get(volume)?.has(firstPart(path.slice(directory.length + 1))) === true;
  }
}

function shownParts(showing: readonly ShowingVolumes[]): ShownParts {
  const shown = new Map<string, Set<string>>();
  for (const volumes of showing) {
    for (const [volume, files] of volumes) {
      const parts = shown.get(volume) ?? new Set<string>();
      shown.set(volume, parts);
      for (const file of files) parts.add(firstPart(file));
    }
  }
  return shown;
}

function addCovers(
  covers: Map<string, Map<string, NestedCover>>,
  { name, mounts }: ContainerShape,
  shown: ShownParts,
  planned: ReadonlySet<MountShape>,
): void {
  for (const { parents, below } of findParents(mounts, shown)) {
    if (below === undefined) continue;
    for (const [volume, parent] of parents) {
      const parts = shown.get(volume) ?? below;
      const known = covers.get(volume) ?? new Map<string, NestedCover>();
      covers.set(volume, known);
      if (known.size === parts.size) continue;
      // The smaller one is walked: a volume can show hundreds of parts, and hundreds of mounts can be below.
      for (const part of (parts.size < below.size ? parts : below).keys()) {
        const mount = below.get(part)?.mount;
        if (mount === undefined || !parts.has(part) || known.has(part)) continue;
        const which = planned.has(mount) ? 'mount' : planned.has(parent) ? 'parent' : undefined;
        known.set(part, { container: name, mount, parent, planned: which });
      }
    }
  }
}

/**
 * The directories at which volumes of tokens are mounted in a container, with the mounts below. Where the mounts are sorted, all
 * below a directory come right after it: one walk finds them, with the directories above the present mount open. Nothing is
 * made for a part of a path at which nothing is mounted: a path may have 2,000.
 */
function findParents(mounts: readonly MountShape[], shown: ShownParts): readonly ParentDirectory[] {
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
    if (!shown.has(mount.volume)) continue;
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

function firstPart(path: string): string {
  const end = path.indexOf('/');
  return end === -1 ? path : path.slice(0, end);
}
