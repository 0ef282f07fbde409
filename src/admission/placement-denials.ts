import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import type { PodDenial } from './decision.ts';
import type { ShownFile } from './shown-file.ts';
import { SHORTER_PATH } from './paths.ts';
import type { ContainerShape, DeviceShape, MountShape } from './pod-shape.ts';
import { quote, showPath } from './text.ts';

/** The remedy for whatever is in the way of a new mount. */
export const MOVE = `set annotation ${INJECTION_ANNOTATIONS.mountPath} to another directory`;

/** The mount path is another's. */
export function explainTaken(container: ContainerShape, other: MountShape | DeviceShape): PodDenial {
  const part = isMount(other) && other.subPath !== '' ? ' (by subPath)' : '';
  return {
    reason: 'MountPathTaken',
    what: `container ${quote(container.name)}: mount path ${showPath(other.path)} is taken by ${describeCover(other)}${part}`,
    remedy: `${MOVE}, or mount ${quote(other.volume)} elsewhere`,
  };
}

/** Something hides the file, and one of both mounts is new: that of the token, or the other. */
export function explainCover(
  container: ContainerShape,
  file: string,
  other: MountShape | DeviceShape,
): PodDenial {
  return {
    reason: 'MountPathTaken',
    what: describeHiding(container, file, other),
    remedy: `${MOVE}, or mount ${quote(other.volume)} elsewhere`,
  };
}

/** Something hides the file of a mount that the container has: no annotation moves it. */
export function explainHidden(
  container: ContainerShape,
  { mount, file }: ShownFile,
  other: MountShape | DeviceShape,
): PodDenial {
  return {
    reason: 'MountPathTaken',
    what: describeHiding(container, file, other),
    remedy: `mount ${quote(other.volume)} elsewhere, or remove the mount of ${quote(mount.volume)} at ${showPath(mount.path)}`,
  };
}

/** The new mount is below a mount of a part of a volume, and would take the place of a token in that volume. */
export function explainNested({ name }: ContainerShape, path: string, parent: MountShape): PodDenial {
  return {
    reason: 'MountPathTaken',
    what: `container ${quote(name)}: a mount at ${showPath(path)}, below volume ${quote(parent.volume)}, hides the token file in that volume`,
    remedy: `${MOVE}, or mount ${quote(parent.volume)} elsewhere`,
  };
}

function describeHiding({ name }: ContainerShape, file: string, other: MountShape | DeviceShape): string {
  return `container ${quote(name)}: ${describeCover(other)} at ${showPath(other.path)} hides the token file ${showPath(file)}`;
}

/** `what` is the path that is too long. */
export function explainLength(container: ContainerShape, what: string): PodDenial {
  return {
    reason: 'TooLarge',
    what: `container ${quote(container.name)}: ${what}`,
    remedy: SHORTER_PATH,
  };
}

function describeCover(other: MountShape | DeviceShape): string {
  return `${isMount(other) ? 'volume' : 'device'} ${quote(other.volume)}`;
}

function isMount(other: MountShape | DeviceShape): other is MountShape {
  return 'subPath' in other;
}
