import type { TokenMount } from '../decision.ts';
import type { ContainerShape, MountShape } from '../pod-shape.ts';
import type { ShowingVolumes } from '../token-volume.ts';
import { findParents, firstPart, type ParentDirectory } from './mounts-below.ts';
import { isWithin } from './paths.ts';
import type { ShownFile } from './shown-file.ts';

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

/** By the name of the volume, and the part that the mount takes. */
type NestedCovers = Map<string, Map<string, NestedCover>>;

const NONE: ReadonlySet<MountShape> = new Set();

/**
 * The mounts below mounts of the volumes that show tokens. For each of them, in whichever container, the kubelet makes a
 * directory in the volume (`getNestedMountpoints`) instead of a link to what the volume has in that first part of the path
 * (`AtomicWriter`): no mount of the volume shows that part then. It does so whatever the `subPath` is, but not for a mount
 * at the root.
 *
 * An example: volume v has the token at `jwt/token`, and one container mounts v at `/v` and a cache at `/v/jwt/cache`. Then `jwt`
 * is an empty directory in v, and no container that mounts v sees the token.
 */
export class NestedMounts {
  readonly #shown: ShownParts;
  readonly #covers: NestedCovers = new Map();
  /** Whether one of the volumes has several places: a container mounts it already, or it shows several files of tokens. */
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
    const places = showing.flatMap((volumes) => [...volumes.values()].flat()).length;
    let haveSeveralPlaces = places > shown.size;
    for (const container of containers) {
      if (!container.mounts.some(({ volume }) => shown.has(volume))) continue;
      haveSeveralPlaces = true;
      if (container.mounts.length === 1) continue;
      for (const directory of findParents(container.mounts, shown))
        addCovers(this.#covers, container.name, directory, shown, planned);
    }
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
   * Whether a file of a token may disappear, in this container or another one, if the container gets these mounts as well. None
   * does where each volume gets one place only: there the mounts of each container alone decide.
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

/** Adds what mounts below the directory take of the volumes at it. The first mount that takes a part is the one to name. */
function addCovers(
  covers: NestedCovers,
  container: string,
  { parents, below }: ParentDirectory,
  shown: ShownParts,
  planned: ReadonlySet<MountShape>,
): void {
  if (below === undefined) return;
  for (const [volume, parent] of parents) {
    const parts = shown.get(volume) ?? below;
    const taken = covers.get(volume) ?? new Map<string, NestedCover>();
    covers.set(volume, taken);
    if (taken.size === parts.size) continue;
    // The smaller one is walked: a volume can show hundreds of parts, and hundreds of mounts can be below.
    for (const part of (parts.size < below.size ? parts : below).keys()) {
      const mount = below.get(part)?.mount;
      if (mount === undefined || !parts.has(part) || taken.has(part)) continue;
      const which = planned.has(mount) ? 'mount' : planned.has(parent) ? 'parent' : undefined;
      taken.set(part, { container, mount, parent, planned: which });
    }
  }
}
