import { member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { objectKey } from '../../resources/object-key.ts';
import { KubeError, readStatus } from '../errors.ts';
import type { Listed } from '../list/list.ts';
import { findIdentity, type ObjectIdentity } from '../object-identity.ts';
import type { WatchEvent } from './watch-stream.ts';

/** The store in which a list-watch keeps what it sees; `Cache` implements it. */
export interface WatchStore<T> {
  keys(): Iterable<string>;
  resourceVersion(key: string): string | undefined;
  set(key: string, resourceVersion: string, value: T): void;
  /** `resourceVersion`: a state in which the object was not there any more. */
  delete(key: string, resourceVersion: string): void;
  /** etcd was restored, and resourceVersions began again: those of deletions under this prefix mean nothing any more. */
  forgetDeletions?(scope: string): void;
}

/** One object after its transform; without a value it is to be treated as if it were not there. */
export interface Kept<T> {
  readonly key: string;
  readonly resourceVersion: string;
  readonly value: T | undefined;
}

/**
 * Makes the store's keys that begin with `scope` those of a list. Objects go in one by one as they come, so that
 * listeners of the store have something to do while the rest is on its way; deletions that no watch saw come out at the end.
 */
export class Replacement<T> {
  readonly #store: WatchStore<T>;
  readonly #scope: string;
  /** Objects by key, of which the store has a newer state. */
  readonly #older = new Map<string, Kept<T>>();

  constructor(store: WatchStore<T>, scope: string) {
    this.#store = store;
    this.#scope = scope;
  }

  /**
   * The key of an object that the store has in that very state, mostly because this process wrote it: there is nothing to read
   * in it, and what was read would hold a token that nobody checks. `undefined`: it is to be added.
   */
  recognize(object: JsonObject): string | undefined {
    const { key, resourceVersion } = findIdentity(object) ?? {};
    if (key === undefined || this.#store.resourceVersion(key) !== resourceVersion) return undefined;
    this.#older.delete(key);
    return key;
  }

  /** One object of the list; a list that begins again gives it again. Returns its key, `undefined` if it does not count. */
  add(kept: Kept<T> | undefined): string | undefined {
    if (kept?.value === undefined) return undefined;
    const { key, resourceVersion, value } = kept;
    const isOutdated = isOlder(resourceVersion, this.#store.resourceVersion(key));
    if (isOutdated) {
      this.#older.set(key, kept);
    } else {
      this.#older.delete(key);
      this.#store.set(key, resourceVersion, value);
    }
    return key;
  }

  /**
   * To be called with the keys that `add` gave. What was written (`Cache.remember`) after the list was made stays, unless
   * `isRestored`: etcd came back from a backup, and its resourceVersions began again at a lower one.
   */
  end({ items, resourceVersion }: Listed<string | undefined>, isRestored: boolean): void {
    const isNewer = (key: string): boolean =>
      !isRestored && isOlder(resourceVersion, this.#store.resourceVersion(key));
    const found = new Set(items);
    for (const { key, resourceVersion: version, value } of this.#older.values()) {
      if (value !== undefined && found.has(key) && !isNewer(key)) this.#store.set(key, version, value);
    }
    for (const key of this.#store.keys()) {
      if (key.startsWith(this.#scope) && !found.has(key) && !isNewer(key))
        this.#store.delete(key, resourceVersion);
    }
  }
}

/**
 * Does what one event says and returns the resourceVersion to resume from. Events of an older state than the
 * store's, as a reconnecting proxy may repeat them, change nothing. An object in the very state that the store has, as after
 * each write of this process, is not read. Throws a KubeError for an ERROR event.
 */
export function applyEvent<T>(
  store: WatchStore<T>,
  { type, object }: WatchEvent,
  keep: (object: JsonObject) => Kept<T> | undefined,
  resource: string,
): string | undefined {
  if (type === 'ERROR') {
    const code = member(object, 'code');
    throw new KubeError({
      ...readStatus(typeof code === 'number' ? code : 500, object),
      verb: 'watch',
      resource,
    });
  }
  const resourceVersion = stringMember(objectMember(object, 'metadata'), 'resourceVersion');
  if (type === 'BOOKMARK') return resourceVersion;
  const identity = findIdentity(object);
  if (identity === undefined) return resourceVersion;
  const { key, resourceVersion: version } = identity;
  const known = store.resourceVersion(key);
  if (isOlder(version, known)) return undefined;
  if (type === 'DELETED') {
    store.delete(key, version);
    return resourceVersion;
  }
  const kept = version === known ? undefined : keep(object);
  if (kept === undefined) return resourceVersion;
  if (kept.value === undefined) store.delete(key, version);
  else store.set(key, version, kept.value);
  return resourceVersion;
}

/**
 * Does what an event says that is too long to be read: the object in that state counts as if it were not there. Returns the
 * resourceVersion to resume from.
 */
export function dropObject<T>(
  store: WatchStore<T>,
  { namespace, name, resourceVersion }: ObjectIdentity,
): string {
  const key = objectKey({ namespace, name });
  if (!isOlder(resourceVersion, store.resourceVersion(key))) store.delete(key, resourceVersion);
  return resourceVersion;
}

/**
 * Whether `version` is of an older state. resourceVersions may be compared as decimal numbers of any length
 * (KEP-5504); what is not such a number is never older.
 */
export function isOlder(version: string, known: string | undefined): boolean {
  if (known === undefined || !/^[1-9]\d*$/.test(version) || !/^[1-9]\d*$/.test(known)) return false;
  return version.length === known.length ? version < known : version.length < known.length;
}
