import { isWithin, joinPath } from './paths.ts';
import type { ContainerShape, DeviceShape, MountShape } from '../pod-shape.ts';
import type { ShownFile } from './shown-file.ts';
import type { ShowingVolumes } from '../token-volume.ts';

const NO_FILES: readonly string[] = [];

/** The paths at which the mount shows the token file; none when it mounts another volume, or its `subPath` hides the file. */
export function visibleFiles(
  { volume, subPath, path }: MountShape,
  volumes: ShowingVolumes,
): readonly string[] {
  const files = volumes.get(volume);
  if (files === undefined || subPath === undefined) return NO_FILES;
  if (subPath === '') return files.map((file) => joinPath(path, file));
  return files
    .filter((file) => isWithin(subPath, file))
    .map((file) => (file === subPath ? path : joinPath(path, file.slice(subPath.length + 1))));
}

/**
 * Below it no other mount may be, for the file to be seen. The kubelet puts a link into a volume for the first part of each
 * path, but a directory where another mount will be below it, which hides what the volume has in that part. What is
 * below other mounts of the volume, `NestedMounts` knows.
 */
function topOf({ mount, file }: ShownFile): string {
  if (mount.subPath !== '' || mount.path === '/') return file;
  const end = file.indexOf('/', mount.path.length + 1);
  return end === -1 ? file : file.slice(0, end);
}

/**
 * Whether the mount hides the file: one at the file, or between it and the directory of its own mount, unless it shows the
 * same token there; or one below it.
 */
export function hides(mount: MountShape, shown: ShownFile, volumes: ShowingVolumes): boolean {
  const { path } = mount;
  if (!isWithin(shown.mount.path, path)) return false;
  if (!isWithin(path, shown.file)) return isWithin(topOf(shown), path);
  return !visibleFiles(mount, volumes).includes(shown.file);
}

/** Another mount or device of the container that hides the file. */
export function findCover(
  { mounts, devices }: ContainerShape,
  shown: ShownFile,
  volumes: ShowingVolumes,
): MountShape | DeviceShape | undefined {
  return (
    mounts.find((other) => other !== shown.mount && hides(other, shown, volumes)) ??
    devices.find((device) => bars(device, shown))
  );
}

/** As `hides`, for a device: nothing can be mounted below a file, or below a device. */
export function bars({ path }: DeviceShape, { file }: ShownFile): boolean {
  return isWithin(path, file) || isWithin(file, path);
}
