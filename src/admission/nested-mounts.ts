import type { TokenMount } from './decision.ts';
import type { ShownFile } from './shown-file.ts';
import { isWithin } from './paths.ts';
import type { ContainerShape, MountShape } from './pod-shape.ts';
import type { ShowingVolumes } from './token-volume.ts';

/** First parts of paths in a volume, by the name of the volume. */
type Parts<Value> = ReadonlyMap<string, ReadonlyMap<string, Value>>;

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

/** A directory of a container, on the way to mounts of volumes that show tokens. */
interface Directory {
  readonly below: Map<string, Directory>;
  /** The mounts there, of volumes that show tokens. */
  readonly parents: MountShape[];
  /** The first mount below, by the first part of the path from here. */
  readonly mounts: Map<string, MountShape>;
}

const NONE: ReadonlySet<MountShape> = new Set();

/**
 * The mounts below mounts of the volumes that show tokens. For each of them, in whichever container, the kubelet makes a
 * directory in the volume (`getNestedMountpoints`) instead of a link to what the volume has in that first part of the path
 * (`AtomicWriter`): no mount of the volume shows that part then. It does so whatever the `subPath` is, but not for a mount
 * at the root.
 */
export class NestedMounts {
  /** The parts of token files alone. */
  readonly #shown: Parts<true>;
  readonly #covers: Parts<NestedCover>;
  /** Whether one of the volumes has several places: a container mounts it already, or it shows several tokens. */
  readonly #haveSeveralPlaces: boolean;

  /**
   * Linear in the length of all paths, however many mounts are below how many others.
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

function shownParts(showing: readonly ShowingVolumes[]): Parts<true> {
  const parts = new Map<string, Map<string, true>>();
  for (const volumes of showing) {
    for (const [volume, files] of volumes) {
      for (const file of files) addPart(parts, volume, firstPart(file), true);
    }
  }
  return parts;
}

function addCovers(
  covers: Map<string, Map<string, NestedCover>>,
  { name, mounts }: ContainerShape,
  shown: Parts<true>,
  planned: ReadonlySet<MountShape>,
): void {
  const ofTokens = mounts.filter(({ volume }) => shown.has(volume));
  for (const directory of mountedDirectories(ofTokens, mounts)) {
    for (const parent of directory.parents) {
      for (const part of shown.get(parent.volume)?.keys() ?? []) {
        const mount = directory.mounts.get(part);
        if (mount === undefined) continue;
        const which = planned.has(mount) ? 'mount' : planned.has(parent) ? 'parent' : undefined;
        addPart(covers, parent.volume, part, { container: name, mount, parent, planned: which });
      }
    }
  }
}

/** The directories at which volumes of tokens are mounted in a container, with all mounts below. */
function mountedDirectories(
  ofTokens: readonly MountShape[],
  mounts: readonly MountShape[],
): readonly Directory[] {
  const root = makeDirectory();
  const found = new Set<Directory>();
  for (const mount of ofTokens) {
    let directory = root;
    for (const part of mount.path.split('/')) {
      const next = directory.below.get(part) ?? makeDirectory();
      directory.below.set(part, next);
      directory = next;
    }
    directory.parents.push(mount);
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
  return { below: new Map(), parents: [], mounts: new Map() };
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
