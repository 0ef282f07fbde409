import { TOKEN_KEY } from '../resources/names.ts';
import { member, objectMember, type JsonObject } from '../resources/json.ts';
import type { Refusal, TokenMount } from './decision.ts';
import { isWithin, joinPath } from './paths.ts';
import type { ContainerShape, DeviceShape, MountShape } from './pod-shape.ts';
import { volumeKind } from './token-volume.ts';
import { quote, showPath } from './wording.ts';

/** One token as a pod's containers are to see it. */
export interface WantedToken {
  readonly name: string;
  /** For a container that has no mount of it; one object for all containers. */
  readonly newMount: NewMount;
  /** Every volume that shows the token, by name, with the file in it. */
  readonly volumes: ReadonlyMap<string, string>;
}

type NewMount = Extract<Placement, { readonly how: 'mount' }>;

/** `volume` is the one to mount, at the normalised `mountPath`, where nothing else mounts the token. */
export function wantToken(
  name: string,
  mountPath: string,
  volume: string,
  volumes: ReadonlyMap<string, string>,
): WantedToken {
  const file = joinPath(mountPath, volumes.get(volume) ?? TOKEN_KEY);
  const mount: TokenMount = { name: volume, mountPath, readOnly: true };
  return { name, volumes, newMount: { how: 'mount', files: [file], mount } };
}

/** How a container gets to see a token. `files` are the paths where it is then, the best first, at least one. */
export type Placement =
  | { readonly how: 'mounted'; readonly files: readonly string[]; readonly refreshes: boolean }
  | { readonly how: 'mount'; readonly files: readonly string[]; readonly mount: TokenMount }
  | { readonly how: 'blocked'; readonly refusal: Refusal };

/** Any mount will do; a hostile container could have a hundred thousand, each compared with all. */
const MAX_MOUNTS = 8;

/** Prefers what the container mounts already, wherever that is. */
export function placeToken(container: ContainerShape, token: WantedToken): Placement {
  const found: { readonly mount: MountShape; readonly file: string }[] = [];
  let tried = 0;
  let hidden: { readonly file: string; readonly by: MountShape | DeviceShape } | undefined;
  for (const mount of container.mounts) {
    const file = visibleFile(mount, token.volumes);
    if (file === undefined) continue;
    tried += 1;
    if (tried > MAX_MOUNTS) break;
    const by = findCover(container, mount.path, file, token, mount);
    if (by === undefined) found.push({ mount, file });
    else hidden ??= { file, by };
  }
  if (found.length > 0) {
    const whole = found.filter(({ mount }) => mount.subPath === '');
    const files = [...new Set([...whole, ...found].map(({ file }) => file))];
    return { how: 'mounted', files, refreshes: whole.length > 0 };
  }
  if (hidden !== undefined)
    return { how: 'blocked', refusal: explainCover(container, hidden.file, hidden.by) };
  return placeNewMount(container, token);
}

function placeNewMount(container: ContainerShape, token: WantedToken): Placement {
  const { files, mount } = token.newMount;
  const [file = mount.mountPath] = files;
  const cover = findCover(container, mount.mountPath, file, token);
  if (cover === undefined) return token.newMount;
  const isTaken = cover.path === mount.mountPath;
  return {
    how: 'blocked',
    refusal: isTaken ? explainTaken(container, cover) : explainCover(container, file, cover),
  };
}

/** Where the mount shows the token file, `undefined` when it is no mount of it or its `subPath` hides it. */
function visibleFile(mount: MountShape, volumes: ReadonlyMap<string, string>): string | undefined {
  const file = volumes.get(mount.volume);
  if (file === undefined || mount.subPath === undefined) return undefined;
  if (mount.subPath === '') return joinPath(mount.path, file);
  if (mount.subPath === file) return mount.path;
  return isWithin(mount.subPath, file)
    ? joinPath(mount.path, file.slice(mount.subPath.length + 1))
    : undefined;
}

/** Another mount or device on the way from the mount's directory to the file. */
function findCover(
  container: ContainerShape,
  directory: string,
  file: string,
  token: WantedToken,
  self?: MountShape,
): MountShape | DeviceShape | undefined {
  const covers = (other: MountShape | DeviceShape): boolean =>
    isWithin(directory, other.path) && isWithin(other.path, file);
  return (
    container.mounts.find(
      (other) => other !== self && covers(other) && visibleFile(other, token.volumes) !== file,
    ) ?? container.devices.find(covers)
  );
}

function explainTaken(container: ContainerShape, other: MountShape | DeviceShape): Refusal {
  const kind = isMount(other) ? 'volume' : 'device';
  const part = isMount(other) && other.subPath !== '' ? ' (by subPath)' : '';
  return {
    reason: 'MountPathTaken',
    what: `container ${quote(container.name)}: mount path ${showPath(other.path)} is taken by ${kind} ${quote(other.volume)}${part}`,
    remedy: `set annotation tokens.osg-htc.org/mount-path to another directory, or mount ${quote(other.volume)} elsewhere`,
  };
}

function explainCover(container: ContainerShape, file: string, other: MountShape | DeviceShape): Refusal {
  const kind = isMount(other) ? 'volume' : 'device';
  return {
    reason: 'MountPathTaken',
    what: `container ${quote(container.name)}: ${kind} ${quote(other.volume)} at ${showPath(other.path)} hides the token file ${showPath(file)}`,
    remedy: `set annotation tokens.osg-htc.org/mount-path to another directory, or mount ${quote(other.volume)} elsewhere`,
  };
}

function isMount(other: MountShape | DeviceShape): other is MountShape {
  return 'subPath' in other;
}

/** The kubelet makes mount points for nested mounts in these, read-only or not (`MakeNestedMountpoints`). */
const MAKES_MOUNT_POINTS: ReadonlySet<string> = new Set(['secret', 'configMap', 'projected', 'downwardAPI']);

/** The mount below which `path` lies, if no directory can be made there: then the container may not start. */
export function findReadOnlyParent(
  container: ContainerShape,
  path: string,
  volumes: ReadonlyMap<string, JsonObject>,
): MountShape | undefined {
  let nearest: MountShape | undefined;
  for (const mount of container.mounts) {
    if (mount.path === path || !isWithin(mount.path, path)) continue;
    if (nearest === undefined || mount.path.length >= nearest.path.length) nearest = mount;
  }
  const volume = nearest === undefined ? undefined : volumes.get(nearest.volume);
  if (nearest === undefined || volume === undefined) return undefined;
  const kind = volumeKind(volume);
  if (MAKES_MOUNT_POINTS.has(kind)) return undefined;
  return nearest.readOnly || isReadOnlyVolume(volume, kind) ? nearest : undefined;
}

/** Image volumes always are; many others have a `readOnly` of their own, which counts for every mount. */
function isReadOnlyVolume(volume: JsonObject, kind: string): boolean {
  return kind === 'image' || member(objectMember(volume, kind), 'readOnly') === true;
}
