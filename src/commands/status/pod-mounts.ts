import type { ObjectName } from '../../resources/object-key.ts';
import { visibleFiles } from '../../admission/placement/mounts.ts';
import {
  readAllContainers,
  readVolumes,
  type ContainerShape,
  type MountShape,
} from '../../admission/pod-shape.ts';
import { findTokenVolumes, secretsOf, type ShowingVolumes } from '../../admission/token-volume.ts';
import { hasEnded } from '../../delivery/mounted-secrets.ts';
import { arrayMember, member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { NUDGED_AT } from '../../resources/names.ts';
import { parseTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';

/** A pod that mounts Secrets as tokens are mounted. Times in seconds since the epoch. */
export interface PodMounts extends ObjectName {
  /** Whether a container has started, so that its volumes are there. */
  readonly isRunning: boolean;
  /** When the kubelet took it on: its volumes were filled after that. */
  readonly startedAt: Seconds | undefined;
  /** When the kubelet was last made to look at its Secrets. */
  readonly nudgedAt: Seconds | undefined;
  /** The mounts by name of the Secret. */
  readonly secrets: ReadonlyMap<string, SecretMounts>;
}

/** How one pod mounts one Secret. */
export interface SecretMounts {
  /** A mount of the whole volume: the kubelet refreshes it. */
  readonly isRefreshed: boolean;
  /** Containers with a mount by `subPath`, which the kubelet fills only when it starts the container. */
  readonly fixed: readonly FixedMount[];
  /** The files in which running containers have the token: one from the refreshed volume, and each of `fixed`. */
  readonly files: readonly MountedFile[];
}

/** A container, and when it was started last; `undefined` while it is not running. */
export interface FixedMount {
  readonly container: string;
  readonly startedAt: Seconds | undefined;
}

/** A file in a running container. */
export interface MountedFile {
  readonly container: string;
  readonly path: string;
}

/** Reads it from the wire JSON of a pod; `undefined` for a pod that mounts no token, or has ended. */
export function readPodMounts(pod: JsonObject): PodMounts | undefined {
  const [metadata, spec, status] = ['metadata', 'spec', 'status'].map((key) => objectMember(pod, key));
  if (spec === undefined || hasEnded(pod)) return undefined;
  const volumes = readVolumes(spec);
  if (!volumes.ok) return undefined;
  const names = [...new Set([...volumes.value.values()].flatMap(secretsOf))];
  if (names.length === 0) return undefined;
  const containers = readAllContainers(spec);
  const showing = findTokenVolumes(volumes.value, names);
  const secrets = new Map<string, SecretMounts>();
  for (const [index, name] of names.entries()) {
    const mounts = readMounts(containers, showing[index] ?? new Map(), status);
    if (mounts.isRefreshed || mounts.fixed.length > 0) secrets.set(name, mounts);
  }
  if (secrets.size === 0) return undefined;
  return {
    namespace: stringMember(metadata, 'namespace') ?? '',
    name: stringMember(metadata, 'name') ?? '',
    isRunning: member(status, 'phase') === 'Running',
    startedAt: parseTime(member(status, 'startTime')),
    nudgedAt: parseTime(member(objectMember(metadata, 'annotations'), NUDGED_AT)),
    secrets,
  };
}

function readMounts(
  containers: readonly ContainerShape[],
  volumes: ShowingVolumes,
  status: JsonObject | undefined,
): SecretMounts {
  const fixed: FixedMount[] = [];
  const files: MountedFile[] = [];
  let isRefreshed = false;
  let isRead = false;
  for (const { list, name, mounts } of containers) {
    const shown = mounts.filter((mount) => showsToken(mount, volumes));
    const whole = shown.find(({ subPath }) => subPath === '');
    const part = shown.find(({ subPath }) => subPath !== '');
    const startedAt = startTimeOf(name, arrayMember(status, `${list.slice(0, -1)}Statuses`));
    const addFile = (mount: MountShape): void => {
      const [path] = visibleFiles(mount, volumes);
      if (path !== undefined && startedAt !== undefined) files.push({ container: name, path });
    };
    if (whole !== undefined) {
      isRefreshed = true;
      if (!isRead) addFile(whole);
      isRead ||= startedAt !== undefined;
    }
    if (part !== undefined) {
      fixed.push({ container: name, startedAt });
      addFile(part);
    }
  }
  return { isRefreshed, fixed, files };
}

/** Only the kubelet knows the path of a `subPathExpr`; if the volume has nothing but the token, it is most likely that. */
function showsToken(mount: MountShape, volumes: ShowingVolumes): boolean {
  return mount.subPath === undefined ? volumes.has(mount.volume) : visibleFiles(mount, volumes).length > 0;
}

function startTimeOf(container: string, statuses: readonly unknown[]): Seconds | undefined {
  const own = statuses.find((status) => member(status, 'name') === container);
  return parseTime(member(objectMember(objectMember(own, 'state'), 'running'), 'startedAt'));
}
