import type { PodDenial } from '../decision.ts';
import { lengthFault, SHORTER_PATH } from './paths.ts';
import { describeLongPath, explainLength } from './placement-denials.ts';
import type { ContainerShape } from '../pod-shape.ts';
import { quote } from '../text.ts';
import type { ShowingVolumes } from '../token-volume.ts';

// They are asked before a path meets a token or a container, where it would be repeated, and measured again, for each.

/** Refuses a volume that shows the token at a path that no file can have. */
export function findLongFile(shown: ShowingVolumes): PodDenial | undefined {
  for (const [volume, files] of shown) {
    for (const file of files) {
      const fault = lengthFault(file);
      if (fault === undefined) continue;
      const what = `volume ${quote(volume)} shows the token at a path that ${fault}`;
      return { reason: 'TooLarge', what, remedy: SHORTER_PATH };
    }
  }
  return undefined;
}

/**
 * Refuses a mount or device, of whatever volume, at a path that no file can have: with it a container never starts. One
 * that is written longer, with slashes and dots that a runtime would clean away, is refused as well: it is not taken apart.
 */
export function findLongPlace(containers: readonly ContainerShape[]): PodDenial | undefined {
  for (const container of containers) {
    for (const { path } of container.mounts) {
      const fault = lengthFault(path);
      if (fault !== undefined) return explainLength(container, describeLongPath('mount', path, fault));
    }
    for (const { path } of container.devices) {
      const fault = lengthFault(path);
      if (fault !== undefined) return explainLength(container, describeLongPath('device', path, fault));
    }
  }
  return undefined;
}

/** Without the mounts at paths that no file can have: nothing is ever mounted there, so they hide nothing. */
export function dropLongMounts(container: ContainerShape): ContainerShape {
  const mounts = container.mounts.filter(({ path }) => lengthFault(path) === undefined);
  return { ...container, mounts };
}
