import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { at, KEYS, type Json } from './pods.ts';

/** What the model says of a pod: the pod as it must be, or that it is refused. */
export type Expected = { readonly pod: Json } | 'refused' | 'untouched';

interface Shown {
  readonly volume: string;
  readonly file: string;
}

/**
 * What docs/injection.md promises, once more, written for clearness and not for speed, and sharing nothing with the product: a copy of the
 * pod is changed in place.
 */
export function expectPod(original: Json): Expected {
  const pod: Json = structuredClone(original);
  const set = (key: string): string => text(at(pod, 'metadata', 'annotations', key)).trim();
  const tokens = [
    ...new Set(
      set(KEYS.token)
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean),
    ),
  ];
  if (tokens.length === 0) return 'untouched';
  const spec = Object(pod['spec']);
  const wanted = set(KEYS.containers)
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
  const all: Json[] = [...(spec.initContainers ?? []), ...spec.containers];
  const selected = wanted.length === 0 ? all : all.filter(({ name }) => wanted.includes(String(name)));
  if (selected.length === 0) return 'refused';
  const directory = (set(KEYS.mountPath) || '/var/run/secrets/jwt').replace(/\/$/, '');
  const added: Json[] = [];
  const shownBy = new Map<string, Shown[]>();
  for (const token of tokens) {
    // A plain Secret volume is mounted rather than a projected one, which may show other things too.
    const plainFirst = (spec.volumes ?? []).toSorted(
      (a: Json, b: Json) => Number('projected' in a) - Number('projected' in b),
    );
    const shown = plainFirst.flatMap((volume: Json) => showing(volume, token));
    if (shown.length === 0) {
      const name = nameOf(token);
      if ((spec.volumes ?? []).some((volume: Json) => volume['name'] === name)) return 'refused';
      const mode = Number.parseInt(set(KEYS.fileMode) || '0444', 8);
      const secret = {
        secretName: token,
        items: [{ key: 'token', path: 'token' }],
        defaultMode: mode,
        optional: false,
      };
      added.push({ name, secret });
      shown.push({ volume: name, file: 'token' });
    }
    shownBy.set(token, shown);
  }
  if (added.length > 0) spec.volumes = [...(spec.volumes ?? []), ...added];
  for (const container of selected) {
    const mounts: Json[] = Object.values(container['volumeMounts'] ?? {});
    const newMounts: Json[] = [];
    for (const [index, token] of tokens.entries()) {
      const path = index === 0 ? directory : `${directory}-${token}`;
      const seen = seenFiles(mounts, shownBy.get(token) ?? [], path);
      if (seen === undefined) return 'refused';
      if (seen.mount !== undefined) newMounts.push(seen.mount);
    }
    if (newMounts.length > 0) container['volumeMounts'] = [...mounts, ...newMounts];
    // Once they are all there, every token must be seen.
    for (const [index, token] of tokens.entries()) {
      const seen = seenFiles([...mounts, ...newMounts], shownBy.get(token) ?? [], '/nowhere');
      if (seen === undefined) return 'refused';
      if (index === 0) addVariable(container, set(KEYS.envVar) || 'BEARER_TOKEN_FILE', seen.file);
    }
  }
  return { pod };
}

function showing(volume: Json, token: string): Shown[] {
  const secret = volume['secret'] ?? at(volume, 'projected', 'sources', 0, 'secret');
  const name = at(secret, 'secretName') ?? at(secret, 'name');
  const items = Object.values(Object(at(secret, 'items')));
  const item = items.length === 0 ? { path: 'token' } : items.find((entry) => at(entry, 'key') === 'token');
  return name === token && item !== undefined
    ? [{ volume: String(volume['name']), file: String(at(item, 'path')) }]
    : [];
}

/** The file of an existing mount, or that of the mount to add; `undefined` when something is in the way. */
function seenFiles(
  mounts: readonly Json[],
  shown: readonly Shown[],
  path: string,
): { file: string; mount?: Json } | undefined {
  const places = mounts.map((mount) => posix.resolve('/', String(mount['mountPath'])));
  const files = mounts.map((mount, index) => {
    const file = shown.find(({ volume }) => volume === mount['name'])?.file;
    if (file === undefined) return undefined;
    const below = posix.relative(`/${text(mount['subPath'])}`, `/${file}`);
    return below.startsWith('..') ? undefined : posix.resolve(places[index] ?? '/', below);
  });
  const inTheWay = (top: string, file: string, self: number): boolean =>
    places.some(
      (place, index) =>
        index !== self && isAbove(top, place) && isAbove(place, file) && files[index] !== file,
    );
  const candidates = files.flatMap((file, index) => (file === undefined ? [] : [{ file, index }]));
  const usable = candidates.filter(({ file, index }) => !inTheWay(places[index] ?? '/', file, index));
  const best = usable.find(({ index }) => (mounts[index]?.['subPath'] ?? '') === '') ?? usable[0];
  if (best !== undefined) return { file: best.file };
  if (candidates.length > 0) return undefined;
  const [volume] = shown;
  if (volume === undefined) return undefined;
  const file = posix.join(path, volume.file);
  return inTheWay(path, file, -1)
    ? undefined
    : { file, mount: { name: volume.volume, mountPath: path, readOnly: true } };
}

function isAbove(directory: string, path: string): boolean {
  return !posix.relative(directory, path).startsWith('..');
}

function addVariable(container: Json, name: string, file: string): void {
  const env: Json[] = Object.values(container['env'] ?? {});
  if (env.some((entry) => entry['name'] === name)) return;
  container['env'] = [{ name, value: file.split('$').join('$$') }, ...env];
}

function nameOf(token: string): string {
  const hash = createHash('sha256').update(token).digest('hex').slice(0, 8);
  return token.includes('.') ? `jwt-${token.replaceAll('.', '-')}-${hash}` : `jwt-${token}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
