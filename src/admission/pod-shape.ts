import { isJsonObject, member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { ContainerList } from './decision.ts';
import { normalisePath } from './paths.ts';

/** The parts of a pod's spec that a decision looks at, each known to have the right shape. */
export interface PodShape {
  readonly spec: JsonObject;
  readonly volumes: ReadonlyMap<string, JsonObject>;
  /** Init containers first: the order in which they start. */
  readonly containers: readonly ContainerShape[];
}

export interface ContainerShape {
  readonly list: ContainerList;
  readonly index: number;
  readonly name: string;
  readonly mounts: readonly MountShape[];
  readonly devices: readonly DeviceShape[];
  readonly env: readonly unknown[];
}

export interface MountShape {
  /** Name of the volume. */
  readonly volume: string;
  /** Normalised. */
  readonly path: string;
  /** `''` for the whole volume; `undefined` when only the kubelet can know (`subPathExpr` with a variable). */
  readonly subPath: string | undefined;
  readonly readOnly: boolean;
}

export interface DeviceShape {
  readonly volume: string;
  /** Normalised. */
  readonly path: string;
}

/**
 * Reads a new pod's spec. The problem is a shape that the API server refuses after us, with a better message than ours:
 * it says what it is, for the log.
 */
export function readPodShape(spec: unknown): Result<PodShape, string> {
  if (!isJsonObject(spec)) return fail('the pod has no spec');
  if (readList(spec, 'ephemeralContainers')?.length !== 0) return fail('a new pod has ephemeral containers');
  const volumes = readVolumes(spec);
  if (!volumes.ok) return volumes;
  const containers: ContainerShape[] = [];
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers'] as const) {
    const read = readContainers(spec, list, names);
    if (!read.ok) return read;
    if (list === 'containers' && read.value.length === 0) return fail('the pod has no containers');
    for (const container of read.value) containers.push(container);
  }
  return ok({ spec, volumes: volumes.value, containers });
}

/** Reads one list of containers. Names go into `names`: they are unique over all lists of a pod. */
export function readContainers(
  spec: JsonObject,
  list: ContainerList,
  names: Set<string>,
): Result<readonly ContainerShape[], string> {
  const items = readList(spec, list);
  if (items === undefined) return fail(`${list} is no list`);
  const containers: ContainerShape[] = [];
  for (const [index, item] of items.entries()) {
    const name = stringMember(item, 'name') ?? '';
    if (name === '') return fail(`${list}[${index}] has no name`);
    if (names.has(name)) return fail('two containers have the same name');
    names.add(name);
    const container = readContainer(item, list, index, name);
    if (container === undefined)
      return fail(`${list}[${index}] has mounts, devices or env vars of a wrong shape`);
    containers.push(container);
  }
  return ok(containers);
}

export function readVolumes(spec: JsonObject): Result<ReadonlyMap<string, JsonObject>, string> {
  const items = readList(spec, 'volumes');
  if (items === undefined) return fail('volumes is no list');
  const volumes = new Map<string, JsonObject>();
  for (const item of items) {
    const name = stringMember(item, 'name') ?? '';
    if (!isJsonObject(item) || name === '') return fail('a volume has no name');
    if (volumes.has(name)) return fail('two volumes have the same name');
    volumes.set(name, item);
  }
  return ok(volumes);
}

function readContainer(
  item: unknown,
  list: ContainerList,
  index: number,
  name: string,
): ContainerShape | undefined {
  const mounts = readEntries(item, 'volumeMounts', readMount);
  const devices = readEntries(item, 'volumeDevices', readDevice);
  const env = readList(item, 'env');
  if (mounts === undefined || devices === undefined || env?.every(isJsonObject) !== true) return undefined;
  return { list, index, name, mounts, devices, env };
}

/** Absent and `null` are an empty list to the Kubernetes API; `undefined` when it is anything else. */
function readList(owner: unknown, key: string): readonly unknown[] | undefined {
  const value = member(owner, key);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : undefined;
}

function readEntries<T>(
  owner: unknown,
  key: string,
  read: (item: unknown) => T | undefined,
): readonly T[] | undefined {
  const entries: T[] = [];
  for (const item of readList(owner, key) ?? [undefined]) {
    const entry = read(item);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
}

function readMount(item: unknown): MountShape | undefined {
  const volume = stringMember(item, 'name') ?? '';
  const path = stringMember(item, 'mountPath') ?? '';
  if (volume === '' || path === '') return undefined;
  return {
    volume,
    path: normalisePath(path),
    subPath: readSubPath(item),
    readOnly: member(item, 'readOnly') === true,
  };
}

function readSubPath(mount: unknown): string | undefined {
  const expression = stringMember(mount, 'subPathExpr') ?? '';
  if (expression.includes('$')) return undefined;
  const subPath = expression === '' ? (stringMember(mount, 'subPath') ?? '') : expression;
  return subPath === '' ? '' : normalisePath(subPath).slice(1);
}

function readDevice(item: unknown): DeviceShape | undefined {
  const volume = stringMember(item, 'name') ?? '';
  const path = stringMember(item, 'devicePath') ?? '';
  return volume === '' || path === '' ? undefined : { volume, path: normalisePath(path) };
}

/** Labels or annotations: `undefined` when absent or `null`, `'wrong'` when they are no object. */
export function readMap(metadata: JsonObject | undefined, key: string): JsonObject | undefined | 'wrong' {
  const value = member(metadata, key);
  if (value === undefined || value === null) return undefined;
  return isJsonObject(value) ? value : 'wrong';
}

export function annotationsOf(object: unknown): JsonObject | undefined {
  return objectMember(objectMember(object, 'metadata'), 'annotations');
}
