import { readAllContainers, readVolumes } from '../admission/pod-shape.ts';
import { findTokenVolumes, secretsOf } from '../admission/token-volume.ts';
import { member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';

const ENDED_PHASES: ReadonlySet<unknown> = new Set(['Succeeded', 'Failed']);
/** The Secrets of one pod: twice the number that it can ask for. A pod has as many volumes as fit into 1.5 MB. */
const MAX_SECRETS = 64;
/** The policy of deploy/ lets none be nudged that has more: comparing them takes time that grows with the square. */
const MAX_ANNOTATIONS = 1_000;

/**
 * The Secrets whose data key `token` a pod shows in files that the kubelet replaces: those of mounts of a whole volume, not
 * by `subPath`. None for a pod that no kubelet has taken on, that has ended, or that is being deleted. Reads the wire JSON of a
 * pod, in time that grows with its size.
 */
export function readMountedSecrets(pod: JsonObject): readonly string[] {
  const [metadata, spec] = [objectMember(pod, 'metadata'), objectMember(pod, 'spec')];
  if (spec === undefined || stringMember(spec, 'nodeName') === undefined) return [];
  if (member(metadata, 'deletionTimestamp') !== undefined || hasEnded(pod)) return [];
  if (Object.keys(objectMember(metadata, 'annotations') ?? {}).length >= MAX_ANNOTATIONS) return [];
  const volumes = readVolumes(spec);
  if (!volumes.ok) return [];
  const mounted = readWholeMounts(spec);
  const shown = new Map([...volumes.value].filter(([name]) => mounted.has(name)));
  const names = new Set<string>();
  for (const volume of shown.values()) {
    for (const name of secretsOf(volume)) {
      if (names.size < MAX_SECRETS) names.add(name);
    }
  }
  const secrets = [...names];
  const showing = findTokenVolumes(shown, secrets);
  return secrets.filter((_, index) => (showing[index]?.size ?? 0) > 0);
}

/** Names of volumes that some container mounts as a whole. */
function readWholeMounts(spec: JsonObject): ReadonlySet<string> {
  const mounts = readAllContainers(spec).flatMap((container) => container.mounts);
  return new Set(mounts.filter(({ subPath }) => subPath === '').map(({ volume }) => volume));
}

/** Nothing reads the files of a pod any more that has ended. */
export function hasEnded(pod: JsonObject): boolean {
  return ENDED_PHASES.has(member(objectMember(pod, 'status'), 'phase'));
}
