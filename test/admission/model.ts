import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { at, KEYS, type Json } from './pods.ts';

/** The result of the model: the pod as it must be, or a refusal. */
export type Expected = ExpectedPod | 'refused' | 'untouched';

interface ExpectedPod {
  readonly pod: Json;
  /** Names of the containers with a variable of their own that is kept and does not name the token. */
  readonly kept: readonly string[];
}

interface Shown {
  readonly volume: string;
  readonly file: string;
}

/**
 * The promises of docs/injection.md as a second implementation, written for clarity and not for speed, which
 * shares no code with the product. It changes a copy of the pod in place.
 */
export function expectPod(original: Json): Expected {
  const pod: Json = structuredClone(original);
  const set = (key: string): string => trim(text(at(pod, 'metadata', 'annotations', key)));
  const tokens = [...new Set(set(KEYS.token).split(',').map(trim).filter(Boolean))];
  if (tokens.length === 0) return 'untouched';
  const spec = Object(pod['spec']);
  const wanted = set(KEYS.containers).split(',').map(trim).filter(Boolean);
  const all: Json[] = [...(spec.initContainers ?? []), ...spec.containers];
  const skipped = set(KEYS.skipContainers).split(',').map(trim).filter(Boolean);
  if (wanted.length > 0 && skipped.length > 0) return 'refused';
  const selected = all.filter(({ name }) =>
    wanted.length === 0 ? !skipped.includes(String(name)) : wanted.includes(String(name)),
  );
  if (selected.length === 0) return 'refused';
  const directory = (set(KEYS.mountPath) || '/var/run/secrets/jwt').replace(/\/$/, '');
  const added: Json[] = [];
  const shownBy = new Map<string, Shown[]>();
  for (const token of tokens) {
    // A plain Secret volume is preferred over a projected one, which can show other files, too.
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
  const before = takenParts(all);
  if (added.length > 0) spec.volumes = [...(spec.volumes ?? []), ...added];
  const places = tokens.map((token, index) => {
    const shown = shownBy.get(token) ?? [];
    // What nothing takes is mounted, the first of it.
    const chosen = shown.find((one) => !before.has(partOf(one))) ?? shown[0];
    const path = index === 0 ? directory : `${directory}-${token}`;
    return { shown, chosen, mount: { name: chosen?.volume, mountPath: path, readOnly: true } };
  });
  for (const container of selected) {
    const mounts: Json[] = Object.values(container['volumeMounts'] ?? {});
    const isMounted = (shown: readonly Shown[]): boolean =>
      mounts.some((mount) => filesOf(mount, shown).length > 0);
    const lacking = places.filter(({ shown }) => !isMounted(shown));
    for (const { chosen, mount } of lacking) {
      const alone = { ...container, volumeMounts: [...mounts, mount] };
      if (chosen === undefined || seenFiles(alone, [chosen], before).length === 0) return 'refused';
    }
    if (lacking.length > 0) container['volumeMounts'] = [...mounts, ...lacking.map(({ mount }) => mount)];
  }
  // What the kubelet makes in the volumes follows from all mounts together, so only now it shows what is seen.
  const taken = takenParts(all);
  const ours = new Set<Json>(places.map(({ mount }) => mount));
  const kept: string[] = [];
  for (const container of selected) {
    for (const [index, { shown, mount }] of places.entries()) {
      // What is mounted for one token may happen to show another one: no token depends on that.
      const isForIt = (one: Json): boolean => one === mount || !ours.has(one);
      const files = seenFiles(container, shown, taken, isForIt);
      if (files.length === 0) return 'refused';
      if (index > 0) continue;
      const value = addVariable(container, set(KEYS.envVar) || 'BEARER_TOKEN_FILE', files[0] ?? '');
      const isNamed = value?.startsWith('/') === true && files.includes(posix.resolve(value));
      if (!isNamed) kept.push(String(container['name']));
    }
  }
  return { pod, kept };
}

function showing(volume: Json, token: string): Shown[] {
  const sources: unknown[] = Object.values(Object(at(volume, 'projected', 'sources')));
  // If several items of one or of several sources have the same path, the last one counts.
  const shownAt = new Map<string, boolean>();
  for (const source of [volume, ...sources]) {
    shownAt.delete(text(at(source, 'serviceAccountToken', 'path')));
    for (const kind of ['configMap', 'downwardAPI'])
      for (const item of Object.values(Object(at(source, kind, 'items'))))
        shownAt.delete(text(at(item, 'path')));
    const secret = at(source, 'secret');
    const isOfToken = (at(secret, 'secretName') ?? at(secret, 'name')) === token;
    for (const item of itemsOf(secret)) {
      const path = String(at(item, 'path'));
      shownAt.delete(path);
      shownAt.set(path, isOfToken && at(item, 'key') === 'token');
    }
  }
  const files = [...shownAt].filter(([, isShown]) => isShown);
  return files.map(([file]) => ({ volume: String(volume['name']), file }));
}

/** Without items, a Secret shows all of its keys; that of the token is the only one that matters. */
function itemsOf(secret: unknown): readonly unknown[] {
  if (secret === undefined) return [];
  const items = Object.values(Object(at(secret, 'items')));
  return items.length > 0 ? items : [{ key: 'token', path: 'token' }];
}

/** A file of a mount, and its path below the mount. */
interface MountedFile {
  readonly one: Shown;
  readonly file: string;
  readonly below: string;
}

function filesOf(mount: Json, shown: readonly Shown[]): readonly MountedFile[] {
  return shown
    .filter(({ volume }) => volume === mount['name'] && !text(mount['subPathExpr']).includes('$'))
    .map((one) => ({ one, below: posix.relative(subPathOf(mount), `/${one.file}`) }))
    .filter(({ below }) => !below.startsWith('..'))
    .map(({ one, below }) => ({ one, below, file: posix.resolve(placeOf(mount), below) }));
}

/** From the root of the volume. */
function subPathOf(mount: Json): string {
  return posix.resolve('/', text(mount['subPathExpr']) || text(mount['subPath']));
}

function placeOf(mount: Json): string {
  return posix.resolve('/', String(mount['mountPath']));
}

/**
 * The paths at which a container sees the token, those in mounts of whole volumes first. `taken` is from `takenParts`,
 * `isForIt` says which mounts count.
 */
function seenFiles(
  container: Json,
  shown: readonly Shown[],
  taken: ReadonlySet<string>,
  isForIt: (mount: Json) => boolean = () => true,
): readonly string[] {
  const mounts: Json[] = Object.values(container['volumeMounts'] ?? {});
  const devices = Object.values(container['volumeDevices'] ?? {}).map((device) =>
    text(at(device, 'devicePath')),
  );
  const isPart = (mount: Json): boolean => subPathOf(mount) !== '/';
  const isSeen = (mount: Json, { one, file, below }: MountedFile): boolean => {
    if (taken.has(partOf(one))) return false;
    if (devices.some((device) => isAbove(device, file) || isAbove(file, device))) return false;
    const top = placeOf(mount);
    // All that is in the volume at the first part of the path; a mount of a part of a volume is left out, as nothing is made there.
    const first = isPart(mount) || top === '/' ? file : posix.join(top, below.split('/')[0] ?? '');
    return mounts.every((other) => {
      const place = placeOf(other);
      if (other === mount || !isAbove(top, place)) return true;
      if (!isAbove(place, file)) return !isAbove(first, place);
      return filesOf(other, shown).some((same) => same.file === file);
    });
  };
  return mounts
    .filter(isForIt)
    .toSorted((a, b) => Number(isPart(a)) - Number(isPart(b)))
    .flatMap((mount) => filesOf(mount, shown).filter((file) => isSeen(mount, file)))
    .map(({ file }) => file);
}

/**
 * For each mount below another one, the kubelet makes a directory in the other one's volume: the names that
 * it uses there.
 */
function takenParts(containers: readonly Json[]): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const container of containers) {
    const mounts: Json[] = Object.values(container['volumeMounts'] ?? {});
    const places = mounts.map((mount) => posix.resolve('/', String(mount['mountPath'])));
    for (const [index, { name }] of mounts.entries()) {
      const top = places[index] ?? '/';
      for (const place of places) {
        if (top !== '/' && place !== top && isAbove(top, place))
          taken.add(partOf({ volume: text(name), file: posix.relative(top, place) }));
      }
    }
  }
  return taken;
}

/** The first part of the path in the volume, which is a link or a directory that the kubelet makes. */
function partOf({ volume, file }: Shown): string {
  return `${volume}:${file.split('/')[0]}`;
}

function isAbove(directory: string, path: string): boolean {
  return !posix.relative(directory, path).startsWith('..');
}

/** Adds the variable if it is not set. Returns its value in the container, if that can be known. */
function addVariable(container: Json, name: string, file: string): string | undefined {
  const env: Json[] = Object.values(container['env'] ?? {});
  if (env.some((entry) => entry['name'] === name)) return valuesOf(container, env).get(name);
  container['env'] = [{ name, value: file.split('$').join('$$') }, ...env];
  return file;
}

/** The values that the kubelet gives to the variables, in order. */
function valuesOf(container: Json, env: readonly Json[]): ReadonlyMap<string, string | undefined> {
  const hasMore = Object.values(container['envFrom'] ?? {}).length > 0;
  const values = new Map<string, string | undefined>();
  for (const { name, value, valueFrom } of env) {
    let isKnown = text(value) !== '' || (valueFrom ?? null) === null;
    const expanded = text(value)
      .split(/(\$\$|\$\([^)]*\))/)
      .map((part) => {
        if (part === '$$') return '$';
        if (!part.startsWith('$(')) return part;
        const known = part.slice(2, -1);
        const referred = values.has(known) ? values.get(known) : hasMore ? undefined : part;
        isKnown &&= referred !== undefined;
        return referred;
      });
    values.set(String(name), isKnown ? expanded.join('') : undefined);
  }
  return values;
}

function nameOf(token: string): string {
  const hash = createHash('sha256').update(token).digest('hex').slice(0, 8);
  return token.includes('.') ? `jwt-${token.replaceAll('.', '-')}-${hash}` : `jwt-${token}`;
}

/** Removes white space from both ends as Go does, which the API server uses. */
function trim(value: string): string {
  return value.replaceAll(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
