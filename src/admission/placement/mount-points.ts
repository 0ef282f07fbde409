import { member, objectMember, type JsonObject } from '../../resources/json.ts';
import { isWithin } from './paths.ts';
import type { ContainerShape, MountShape } from '../pod-shape.ts';
import { volumeKind } from '../token-volume.ts';

/** In these volumes the kubelet makes the mount points of nested mounts, read-only or not (`MakeNestedMountpoints`). */
const MAKES_MOUNT_POINTS: ReadonlySet<string> = new Set(['secret', 'configMap', 'projected', 'downwardAPI']);

/**
 * The places in a volume at which a directory can be made: `everywhere`, if it is not known; `byKubelet`, which makes it in the
 * volume's own root whatever part of it is mounted; `inWritable`, if it is mounted writable; `nowhere`.
 */
type Making = 'everywhere' | 'byKubelet' | 'inWritable' | 'nowhere';

/**
 * Finds the places in a pod's volumes at which a mount point can be made. Each volume is read once, however many mounts it has.
 */
export class MountPoints {
  readonly #volumes: ReadonlyMap<string, JsonObject>;
  readonly #known = new Map<string, Making>();

  constructor(volumes: ReadonlyMap<string, JsonObject>) {
    this.#volumes = volumes;
  }

  /** The mount that contains `path`, if no directory can be made there: then the container may fail to start. */
  findReadOnlyParent(container: ContainerShape, path: string): MountShape | undefined {
    let nearest: MountShape | undefined;
    for (const mount of container.mounts) {
      if (mount.path === path || !isWithin(mount.path, path)) continue;
      if (nearest === undefined || mount.path.length >= nearest.path.length) nearest = mount;
    }
    if (nearest === undefined) return undefined;
    return isMade(this.#look(nearest.volume), nearest) ? undefined : nearest;
  }

  #look(name: string): Making {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const making = inspectVolume(this.#volumes.get(name));
    this.#known.set(name, making);
    return making;
  }
}

function isMade(making: Making, { subPath, readOnly }: MountShape): boolean {
  switch (making) {
    case 'everywhere':
      return true;
    case 'byKubelet':
      return subPath === '';
    case 'inWritable':
      return !readOnly;
    case 'nowhere':
      return false;
    default:
      return making satisfies never;
  }
}

/** Image volumes are always read-only; many others have a `readOnly` of their own, which counts for every mount. */
function inspectVolume(volume: JsonObject | undefined): Making {
  if (volume === undefined) return 'everywhere';
  const kind = volumeKind(volume);
  if (MAKES_MOUNT_POINTS.has(kind)) return 'byKubelet';
  return kind === 'image' || member(objectMember(volume, kind), 'readOnly') === true
    ? 'nowhere'
    : 'inWritable';
}
