import { isWithin, joinPath } from './paths.ts';
import type { ContainerShape, DeviceShape, MountShape } from './pod-shape.ts';

/** The file of a token, and the mount by which a container sees it. */
export interface ShownFile {
  readonly mount: MountShape;
  readonly file: string;
}

/** Where the mount shows the token file; `undefined` when it mounts another volume, or its `subPath` hides the file. */
export function visibleFile(mount: MountShape, volumes: ReadonlyMap<string, string>): string | undefined {
  const file = volumes.get(mount.volume);
  if (file === undefined || mount.subPath === undefined) return undefined;
  if (mount.subPath === '') return joinPath(mount.path, file);
  if (mount.subPath === file) return mount.path;
  return isWithin(mount.subPath, file)
    ? joinPath(mount.path, file.slice(mount.subPath.length + 1))
    : undefined;
}

/** Whether `path` is the mount's directory, the file, or between them. */
function isBetween(path: string, directory: string, file: string): boolean {
  return isWithin(directory, path) && isWithin(path, file);
}

/** Whether the mount hides the file, unless it shows the same token there. */
export function hides(mount: MountShape, shown: ShownFile, volumes: ReadonlyMap<string, string>): boolean {
  return isBetween(mount.path, shown.mount.path, shown.file) && visibleFile(mount, volumes) !== shown.file;
}

/** Another mount or device of the container that hides the file. */
export function findCover(
  { mounts, devices }: ContainerShape,
  shown: ShownFile,
  volumes: ReadonlyMap<string, string>,
): MountShape | DeviceShape | undefined {
  return (
    mounts.find((other) => other !== shown.mount && hides(other, shown, volumes)) ??
    devices.find((device) => isBetween(device.path, shown.mount.path, shown.file))
  );
}
