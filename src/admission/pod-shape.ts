import { isJsonObject, member, objectMember, type JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { ContainerList } from './decision.ts';
import { normalisePath } from './placement/paths.ts';

// Members are read directly here, since this is the hot path: no name used here is one of Object.prototype's, and objects
// made by JSON.parse inherit nothing else.

/** The parts of a pod's spec that a decision looks at, each known to have the right shape. */
export interface PodShape {
  readonly spec: JsonObject;
  readonly volumes: ReadonlyMap<string, JsonObject>;
  /** Init containers first: the order in which they start. */
  readonly containers: readonly ContainerShape[];
}

/** The parts of a container that a decision depends on. `index` is that in its list. */
export interface ContainerShape {
  readonly list: ContainerList;
  readonly index: number;
  readonly name: string;
  readonly mounts: readonly MountShape[];
  readonly devices: readonly DeviceShape[];
  readonly env: readonly JsonObject[];
  /** Whether it has further variables, of ConfigMaps or Secrets. */
  readonly hasEnvFrom: boolean;
}

/** One of a container's `volumeMounts`. */
export interface MountShape {
  /** Name of the volume. */
  readonly volume: string;
  /** Normalised. */
  readonly path: string;
  /** `''` for the whole volume; `undefined` when only the kubelet can know (`subPathExpr` with a variable). */
  readonly subPath: string | undefined;
  readonly readOnly: boolean;
}

/** One of a container's `volumeDevices`, a block device: nothing can be mounted there. */
export interface DeviceShape {
  readonly volume: string;
  /** Normalised. */
  readonly path: string;
}

/**
 * Reads a new pod's spec. The problem, for the log, is a shape that the API server refuses after us with a better message
 * than ours.
 */
export function readPodShape(spec: unknown): Result<PodShape, string> {
  if (!isJsonObject(spec)) return fail('the pod has no spec');
  if (listOf(spec['ephemeralContainers'])?.length !== 0) return fail('a new pod has ephemeral containers');
  const volumes = readVolumes(spec);
  if (!volumes.ok) return volumes;
  let containers: readonly ContainerShape[] = [];
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers'] as const) {
    const read = readContainers(spec, list, names);
    if (!read.ok) return read;
    if (list === 'containers' && read.value.length === 0) return fail('the pod has no containers');
    containers = containers.length === 0 ? read.value : [...containers, ...read.value];
  }
  return ok({ spec, volumes: volumes.value, containers });
}

const CONTAINER_LISTS: readonly ContainerList[] = ['initContainers', 'containers', 'ephemeralContainers'];

/** The containers of a pod that is there already, of all kinds; a list that has not the right shape counts as empty. */
export function readAllContainers(spec: JsonObject): readonly ContainerShape[] {
  const names = new Set<string>();
  return CONTAINER_LISTS.flatMap((list) => {
    const read = readContainers(spec, list, names);
    return read.ok ? read.value : [];
  });
}

/** Reads one list of containers. Names go into `names`: they are unique over all lists of a pod. */
export function readContainers(
  spec: JsonObject,
  list: ContainerList,
  names: Set<string>,
): Result<readonly ContainerShape[], string> {
  const items = listOf(spec[list]);
  if (items === undefined) return fail(`${list} is not a list`);
  const containers: ContainerShape[] = [];
  for (const [index, item] of items.entries()) {
    if (!isJsonObject(item)) return fail(`${list}[${index}] is not an object`);
    const { name } = item;
    if (typeof name !== 'string' || name === '') return fail(`${list}[${index}] has no name`);
    if (names.has(name)) return fail('two containers have the same name');
    names.add(name);
    const mounts = readEach(item['volumeMounts'], readMount);
    const devices = readEach(item['volumeDevices'], readDevice);
    const env = listOf(item['env']);
    if (mounts === undefined || devices === undefined || env === undefined || !areObjects(env)) {
      return fail(`${list}[${index}] has mounts, devices or env vars of a wrong shape`);
    }
    const { envFrom } = item;
    const hasEnvFrom = Array.isArray(envFrom) && envFrom.length > 0;
    containers.push({ list, index, name, mounts, devices, env, hasEnvFrom });
  }
  return ok(containers);
}

/** The volumes of a pod's spec by their names. The problem is a shape that the API server refuses. */
export function readVolumes(spec: JsonObject): Result<ReadonlyMap<string, JsonObject>, string> {
  const items = listOf(spec['volumes']);
  if (items === undefined) return fail('volumes is not a list');
  const volumes = new Map<string, JsonObject>();
  for (const item of items) {
    const { name } = isJsonObject(item) ? item : {};
    if (!isJsonObject(item) || typeof name !== 'string' || name === '') return fail('a volume has no name');
    if (volumes.has(name)) return fail('two volumes have the same name');
    volumes.set(name, item);
  }
  return ok(volumes);
}

const EMPTY_LIST: readonly never[] = [];

/** Absent and `null` are an empty list to the Kubernetes API; `undefined` for anything else that is not a list. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return EMPTY_LIST;
  return Array.isArray(value) ? value : undefined;
}

/** `undefined` when the value is not a list, or `read` returns `undefined` for one of its entries. */
function readEach<T>(value: unknown, read: (entry: JsonObject) => T | undefined): readonly T[] | undefined {
  const list = listOf(value);
  if (list === undefined || !areObjects(list)) return undefined;
  if (list.length === 0) return EMPTY_LIST;
  const entries = list.map(read);
  return areDefined(entries) ? entries : undefined;
}

// Loops, as V8 makes calls of `every` where it makes none of these.
function areObjects(list: readonly unknown[]): list is readonly JsonObject[] {
  for (const item of list) if (!isJsonObject(item)) return false;
  return true;
}

function areDefined<T>(list: readonly (T | undefined)[]): list is readonly T[] {
  for (const item of list) if (item === undefined) return false;
  return true;
}

function readMount(mount: JsonObject): MountShape | undefined {
  const { name, mountPath, subPath, subPathExpr, readOnly } = mount;
  if (typeof name !== 'string' || name === '') return undefined;
  if (typeof mountPath !== 'string' || mountPath === '') return undefined;
  return {
    volume: name,
    path: normalisePath(mountPath),
    subPath: shownSubPath(subPathExpr, subPath),
    readOnly: readOnly === true,
  };
}

/** An expression wins, but only the kubelet knows the values of its variables. */
function shownSubPath(expression: unknown, plain: unknown): string | undefined {
  const isExpression = typeof expression === 'string' && expression !== '';
  const subPath = isExpression ? expression : plain;
  if (typeof subPath !== 'string') return '';
  return isExpression && subPath.includes('$') ? undefined : normalisePath(subPath).slice(1);
}

function readDevice({ name, devicePath }: JsonObject): DeviceShape | undefined {
  if (typeof name !== 'string' || name === '') return undefined;
  if (typeof devicePath !== 'string' || devicePath === '') return undefined;
  return { volume: name, path: normalisePath(devicePath) };
}

/** Labels or annotations: `undefined` when absent or `null`, `'wrong'` when they are not an object. */
export function readMap(metadata: JsonObject | undefined, key: string): JsonObject | undefined | 'wrong' {
  const value = member(metadata, key);
  if (value === undefined || value === null) return undefined;
  return isJsonObject(value) ? value : 'wrong';
}

/** The annotations of an object of any kind, raw; `undefined` when there are none, or something else in their place. */
export function annotationsOf(object: unknown): JsonObject | undefined {
  return objectMember(objectMember(object, 'metadata'), 'annotations');
}

/** Set by the kubelet on the API server's copy of a static pod, which no webhook may change. */
const MIRROR_POD = 'kubernetes.io/config.mirror';

/** Whether a pod is the API server's copy of a static pod. */
export function isMirrorPod(pod: unknown): boolean {
  return member(annotationsOf(pod), MIRROR_POD) !== undefined;
}
