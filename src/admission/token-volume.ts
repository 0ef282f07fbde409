import { TOKEN_KEY } from '../resources/names.ts';
import { arrayMember, member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import type { TokenVolume } from './decision.ts';
import { normalisePath } from './paths.ts';
import { volumeName } from './token-name.ts';

/** Where the token is in a volume that shows it: path of the file from the volume's root, without a leading slash. */
export function tokenFileIn(volume: JsonObject, token: string): string | undefined {
  const secret = objectMember(volume, 'secret');
  if (secret !== undefined) {
    return stringMember(secret, 'secretName') === token ? shownKey(secret) : undefined;
  }
  for (const source of arrayMember(objectMember(volume, 'projected'), 'sources')) {
    const projection = objectMember(source, 'secret');
    const file = stringMember(projection, 'name') === token ? shownKey(projection) : undefined;
    if (file !== undefined) return file;
  }
  return undefined;
}

/** Without `items` a Secret volume shows every key under its own name (Kubernetes API, SecretVolumeSource). */
function shownKey(source: JsonObject | undefined): string | undefined {
  const items = arrayMember(source, 'items');
  if (items.length === 0) return TOKEN_KEY;
  const item = items.find((candidate) => stringMember(candidate, 'key') === TOKEN_KEY);
  const path = stringMember(item, 'path') ?? '';
  return path === '' ? undefined : normalisePath(path).slice(1);
}

/** Volumes of the pod that show the token, by name, with the file in each. A plain Secret volume comes first. */
export function findTokenVolumes(
  volumes: ReadonlyMap<string, JsonObject>,
  token: string,
): Map<string, string> {
  const found = new Map<string, string>();
  let projected: [string, string][] | undefined;
  for (const [name, volume] of volumes) {
    const file = tokenFileIn(volume, token);
    if (file === undefined) continue;
    if (member(volume, 'secret') === undefined) (projected ??= []).push([name, file]);
    else found.set(name, file);
  }
  for (const [name, file] of projected ?? []) found.set(name, file);
  return found;
}

/** `optional: false`, so that the kubelet waits for a Secret that is still to be written. */
export function makeTokenVolume(token: string, defaultMode: number): TokenVolume {
  return {
    name: volumeName(token),
    secret: { secretName: token, items: [{ key: TOKEN_KEY, path: TOKEN_KEY }], defaultMode, optional: false },
  };
}

/** What a volume is made of, e.g. `hostPath`: the one member beside its name. */
export function volumeKind(volume: JsonObject): string {
  return Object.keys(volume).find((key) => key !== 'name' && member(volume, key) !== null) ?? 'emptyDir';
}
