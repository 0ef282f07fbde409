import { INJECTION_ANNOTATIONS } from '../../resources/names.ts';
import type { PodDenial } from '../decision.ts';
import type { NestedCover } from './nested-mounts.ts';
import type { ShownFile } from './shown-file.ts';
import { SHORTER_PATH } from './paths.ts';
import type { ContainerShape, DeviceShape, MountShape } from '../pod-shape.ts';
import { quote, showPath } from '../text.ts';

/** A remedy for whatever is in the way of a new mount. */
export const MOVE = `set annotation ${INJECTION_ANNOTATIONS.mountPath} to another directory`;

/** A remedy where the name of a further token, at the end of its directory's name, makes that name too long. */
export const SHORTER_NAME = `set annotation ${INJECTION_ANNOTATIONS.mountPath} to a directory with a shorter name`;

/** Something is in the way of a new mount that would show the file: at its path, or where it hides the file. */
export function explainCover(
  container: ContainerShape,
  { mount, file }: ShownFile,
  other: MountShape | DeviceShape,
): PodDenial {
  const isTaken = other.path === mount.path;
  return {
    reason: 'MountPathTaken',
    what: isTaken ? describeTaking(container, other) : describeHiding(container, file, other),
    remedy: moveOr(other.volume),
  };
}

/**
 * Something hides the file of a mount that the container has: no annotation moves it.
 * @param isInAnyCase whether it would hide that of a new mount, too.
 */
export function explainHidden(
  container: ContainerShape,
  { mount, file }: ShownFile,
  other: MountShape | DeviceShape,
  isInAnyCase: boolean,
): PodDenial {
  return {
    reason: 'MountPathTaken',
    what: describeHiding(container, file, other),
    remedy: `mount ${quote(other.volume)} elsewhere${isInAnyCase ? '' : orRemove(mount)}`,
  };
}

/** A new mount of another token would hide the only file of a token that the container sees. */
export function explainHiding(
  container: ContainerShape,
  { mount, file }: ShownFile,
  added: MountShape,
): PodDenial {
  return {
    reason: 'MountPathTaken',
    what: describeHiding(container, file, added),
    remedy: `${moveOr(mount.volume)} than at ${showPath(mount.path)}`,
  };
}

/**
 * In its volume, a mount of this container or another one takes the place of the only file of the token.
 * @param isInAnyCase whether it would hide the file of a new mount in its own container, too.
 */
export function explainNested(
  { name }: ContainerShape,
  token: string,
  cover: NestedCover,
  isInAnyCase: boolean,
): PodDenial {
  const { container, mount, parent } = cover;
  const there = `container ${quote(container)}`;
  const place =
    container === name
      ? `${there}:`
      : `container ${quote(name)} cannot see token ${quote(token)}: in ${there}`;
  const taking = `${describeCover(mount)} at ${showPath(mount.path)} takes the place of the token in volume ${quote(parent.volume)}`;
  return { reason: 'MountPathTaken', what: `${place} ${taking}`, remedy: remedyOf(cover, isInAnyCase) };
}

function remedyOf({ container, mount, parent, planned }: NestedCover, isInAnyCase: boolean): string {
  const there = `in container ${quote(container)} mount`;
  if (planned === 'mount')
    return `${MOVE}, or ${there} ${quote(parent.volume)} elsewhere than at ${showPath(parent.path)}`;
  if (planned === 'parent') return `${MOVE}, or ${there} ${quote(mount.volume)} elsewhere`;
  return `${there} ${quote(mount.volume)} elsewhere${isInAnyCase ? '' : orRemove(parent)}`;
}

function orRemove({ volume, path }: MountShape): string {
  return `, or remove the mount of ${quote(volume)} at ${showPath(path)}`;
}

/** For what is in the way of a new mount. */
function moveOr(volume: string): string {
  return `${MOVE}, or mount ${quote(volume)} elsewhere`;
}

function describeTaking({ name }: ContainerShape, other: MountShape | DeviceShape): string {
  const part = isMount(other) && other.subPath !== '' ? ' (by subPath)' : '';
  return `container ${quote(name)}: mount path ${showPath(other.path)} is taken by ${describeCover(other)}${part}`;
}

function describeHiding({ name }: ContainerShape, file: string, other: MountShape | DeviceShape): string {
  return `container ${quote(name)}: ${describeCover(other)} at ${showPath(other.path)} hides the token file ${showPath(file)}`;
}

/** `what` says which path is too long, and why. */
export function explainLength(
  container: ContainerShape,
  what: string,
  remedy: string = SHORTER_PATH,
): PodDenial {
  return { reason: 'TooLarge', what: `container ${quote(container.name)}: ${what}`, remedy };
}

/** The fault comes before the path: a warning has no room for both. */
export function describeLongPath(kind: 'mount' | 'device', path: string, fault: string): string {
  return `a ${kind} path ${fault} (${showPath(path)})`;
}

function describeCover(other: MountShape | DeviceShape): string {
  return `${isMount(other) ? 'volume' : 'device'} ${quote(other.volume)}`;
}

function isMount(other: MountShape | DeviceShape): other is MountShape {
  return 'subPath' in other;
}
