import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { Loose } from '../integration/objects.ts';
import { ApiRefusal, type Api, type WireEvent } from './api.ts';

/** Objects in memory, for tests of the suite itself. Watches report writes a little later. */
export interface FakeCluster {
  /** @param onStored is called with every object that this client stored. */
  connect(onStored: (object: Loose) => void): Api;
  /** Calls back for each event at once, before any watch reports it. */
  follow(onEvent: (event: WireEvent) => void): void;
  /** From now on, watches report each write `lagMs` milliseconds later. */
  delayWatches(lagMs: number): void;
}

/** Longer than a loop that asks at once, and shorter than one that waits. */
const LAG_MS = 5;

export function makeFakeCluster(): FakeCluster {
  const objects = new Map<string, Loose>();
  const watches = new Set<{ readonly path: string; readonly onEvent: (event: WireEvent) => void }>();
  const followers: ((event: WireEvent) => void)[] = [];
  let version = 1;
  let lagMs = LAG_MS;

  const report = (type: string, path: string, object: Loose): void => {
    const event = { type, object: structuredClone(object) };
    for (const follower of followers) follower(event);
    setTimeout(() => {
      for (const watch of watches) if (isIn(path, watch.path)) watch.onEvent(event);
    }, lagMs);
  };
  const store = (type: string, path: string, object: Loose): Loose => {
    const { stringData = {}, data, ...rest } = object;
    const encoded = Object.entries<string>(stringData).map(([key, text]) => [key, toBase64(text)]);
    const isSecret = path.includes('/secrets/');
    const stored = isSecret ? { ...rest, data: { ...data, ...Object.fromEntries(encoded) } } : object;
    const before = objects.get(path);
    if (before !== undefined && isDeepStrictEqual(stored, before)) return structuredClone(before);
    version += 1;
    stored.metadata = { ...stored.metadata, resourceVersion: `${version}` };
    objects.set(path, stored);
    report(type, path, stored);
    return structuredClone(stored);
  };
  const removeNow = (path: string, object: Loose): void => {
    version += 1;
    objects.delete(path);
    report('DELETED', path, { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } });
  };
  const connect = (onStored: (object: Loose) => void): Api => ({
    get: async (path) => structuredClone(objects.get(path)),
    list: async (path) => ({
      items: structuredClone([...objects].filter(([each]) => isIn(each, path)).map(([, object]) => object)),
      metadata: { resourceVersion: `${version}` },
    }),
    create: async (collection, body) => {
      const object: Loose = structuredClone(body);
      const path = `${collection}/${object.metadata.name}`;
      if (objects.has(path)) throw new ApiRefusal(`POST ${collection}`, 409, 'AlreadyExists');
      const namespace = /\/namespaces\/([^/]+)\/./.exec(collection)?.[1];
      object.metadata = { ...object.metadata, namespace, uid: randomUUID() };
      const stored = store('ADDED', path, object);
      onStored(stored);
      return stored;
    },
    merge: async (path, body) => {
      const before = objects.get(path);
      if (before === undefined) throw new ApiRefusal(`PATCH ${path}`, 404, 'NotFound');
      const stored = store('MODIFIED', path, mergeInto(structuredClone(before), structuredClone(body)));
      onStored(stored);
      return stored;
    },
    rehearse: async () => undefined,
    remove: async (path) => {
      const object = objects.get(path);
      if (object === undefined) return undefined;
      removeNow(path, object);
      return { kind: 'Status', details: { uid: object.metadata.uid } };
    },
    watch: async (path, _from, onEvent, signal) => {
      const watch = { path, onEvent };
      watches.add(watch);
      await once(signal, 'abort');
      watches.delete(watch);
    },
    close: () => undefined,
  });
  return {
    connect,
    follow: (onEvent) => void followers.push(onEvent),
    delayWatches: (ms) => void (lagMs = ms),
  };
}

/** Whether an object belongs to a collection, of its namespace or of all namespaces. */
function isIn(path: string, collection: string): boolean {
  const own = path.slice(0, path.lastIndexOf('/'));
  return own === collection || own.replace(/\/namespaces\/[^/]+/, '') === collection;
}

const toBase64 = (text: string): string => Buffer.from(text).toString('base64');

/** RFC 7386, section 2. */
function mergeInto(target: Loose, patch: Loose): Loose {
  if (!isMap(patch)) return patch;
  const merged: Loose = isMap(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeInto(merged[key], value);
  }
  return merged;
}

function isMap(value: Loose): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
