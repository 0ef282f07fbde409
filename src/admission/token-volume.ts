import { TOKEN_KEY } from '../resources/names.ts';
import { arrayMember, member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import type { TokenVolume } from './decision.ts';
import { normalisePath } from './placement/paths.ts';
import { volumeName } from './annotations/token-name.ts';

/**
 * The volumes of one pod that show a token, by name, with the files in each, at least one: their paths from the volume's root.
 * A new mount is made for the first file whose place nothing else takes.
 */
export type ShowingVolumes = ReadonlyMap<string, readonly string[]>;

/** The most files of one token in one volume. Nobody needs more, and each is searched for behind each mount. */
const MAX_TOKEN_FILES = 8;

const NO_VOLUMES: ShowingVolumes = new Map();

/** For each of the tokens, in their order, the volumes that show it. A plain Secret volume comes first. */
export function findTokenVolumes(
  volumes: ReadonlyMap<string, JsonObject>,
  tokens: readonly string[],
): readonly ShowingVolumes[] {
  let found: Map<string, Map<string, readonly string[]>> | undefined;
  const add = (token: string, volume: string, files: readonly string[]): void => {
    found ??= new Map();
    const known = found.get(token);
    if (known === undefined) found.set(token, new Map([[volume, files]]));
    else known.set(volume, files);
  };
  let projected: [string, JsonObject][] | undefined;
  for (const [name, volume] of volumes) {
    const secret = objectMember(volume, 'secret');
    const token = stringMember(secret, 'secretName') ?? '';
    if (secret === undefined) {
      if (showsOneOf(volume, tokens)) (projected ??= []).push([name, volume]);
    } else if (tokens.includes(token)) {
      const files = shownFiles(secret);
      if (files.length > 0) add(token, name, files);
    }
  }
  for (const [name, volume] of projected ?? []) {
    for (const [token, files] of projectedFiles(volume, tokens)) add(token, name, files);
  }
  return tokens.map((token) => found?.get(token) ?? NO_VOLUMES);
}

/** The Secrets that a volume is made of, whatever it shows of them. */
export function secretsOf(volume: JsonObject): readonly string[] {
  const plain = stringMember(objectMember(volume, 'secret'), 'secretName') ?? '';
  return [plain, ...sourcesOf(volume).map(nameIn)].filter((name) => name !== '');
}

function sourcesOf(volume: JsonObject): readonly unknown[] {
  return arrayMember(objectMember(volume, 'projected'), 'sources');
}

/** Most projected volumes show none: nearly every pod has that of its ServiceAccount. */
function showsOneOf(volume: JsonObject, tokens: readonly string[]): boolean {
  return sourcesOf(volume).some((source) => tokens.includes(nameIn(source)));
}

/**
 * The tokens that a projected volume shows, with the files of each. Sources are written one after the other, so the
 * last one that writes a path wins.
 */
function projectedFiles(
  volume: JsonObject,
  tokens: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const tokenAt = new Map<string, string>();
  for (const source of sourcesOf(volume)) {
    const secret = objectMember(source, 'secret');
    const name = nameIn(source);
    for (const path of writtenPaths(source)) tokenAt.delete(path);
    if (tokens.includes(name)) for (const file of shownFiles(secret)) tokenAt.set(file, name);
  }
  const filesOf = new Map<string, string[]>();
  for (const [file, name] of tokenAt) {
    const files = filesOf.get(name);
    if (files === undefined) filesOf.set(name, [file]);
    else if (files.length < MAX_TOKEN_FILES) files.push(file);
  }
  return filesOf;
}

function nameIn(source: unknown): string {
  return stringMember(objectMember(source, 'secret'), 'name') ?? '';
}

/** Members of a projected source that hold a list of `items`, each with its path (Kubernetes API, VolumeProjection). */
const ITEM_SOURCES = ['secret', 'configMap', 'downwardAPI'];
/** The other sources that write files, and their members with the paths of these files. */
const FILES: readonly (readonly [string, readonly string[]])[] = [
  ['serviceAccountToken', ['path']],
  ['clusterTrustBundle', ['path']],
  ['podCertificate', ['credentialBundlePath', 'keyPath', 'certificateChainPath']],
];

/** The files that a source writes or may write: a Secret without `items` may have a key `token`. */
function* writtenPaths(source: unknown): Generator<string> {
  for (const key of ITEM_SOURCES) {
    const items = arrayMember(objectMember(source, key), 'items');
    for (const item of items) yield normalisePath(stringMember(item, 'path') ?? '').slice(1);
    if (key === 'secret' && items.length === 0 && (member(source, key) ?? null) !== null) yield TOKEN_KEY;
  }
  for (const [kind, members] of FILES) {
    for (const key of members) {
      const path = stringMember(objectMember(source, kind), key);
      if (path !== undefined) yield normalisePath(path).slice(1);
    }
  }
}

/** Without `items` a Secret shows every key under its own name (Kubernetes API, SecretVolumeSource). */
function shownFiles(source: JsonObject | undefined): readonly string[] {
  const items = arrayMember(source, 'items');
  if (items.length === 0) return [TOKEN_KEY];
  const files = new Set<string>();
  for (const item of items) {
    const isToken = stringMember(item, 'key') === TOKEN_KEY;
    if (!isToken && files.size === 0) continue; // nothing yet that it could replace
    const file = normalisePath(stringMember(item, 'path') ?? '').slice(1);
    if (!isToken) files.delete(file);
    else if (file !== '') files.add(file);
  }
  return [...files].slice(0, MAX_TOKEN_FILES);
}

/** `optional: false`, so that the kubelet waits for a Secret that does not exist yet. */
export function makeTokenVolume(token: string, defaultMode: number): TokenVolume {
  return {
    name: volumeName(token),
    secret: { secretName: token, items: [{ key: TOKEN_KEY, path: TOKEN_KEY }], defaultMode, optional: false },
  };
}

/** The type of a volume, `hostPath` for example: its one member beside the name. */
export function volumeKind(volume: JsonObject): string {
  return Object.keys(volume).find((key) => key !== 'name' && member(volume, key) !== null) ?? 'emptyDir';
}
