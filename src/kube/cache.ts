import { isOlder, type Origin } from './watch-store.ts';

/** What became of one key. Values are never changed in place: what a listener got stays what it was. */
export type Change<T> =
  | { readonly type: 'added'; readonly key: string; readonly value: T; readonly origin: Origin }
  | {
      readonly type: 'changed';
      readonly key: string;
      readonly old: T;
      readonly value: T;
      readonly origin: Origin;
    }
  | { readonly type: 'deleted'; readonly key: string; readonly old: T; readonly origin: Origin };

/** Names of the places under which a value is to be found, e.g. the uids of its owners. */
export type IndexBy<T> = (value: T, key: string) => readonly string[];

/** Deleted keys whose resourceVersion is kept: more than are deleted while one write is under way. */
const MOST_GRAVES = 4_096;

interface Entry<T> {
  readonly resourceVersion: string;
  readonly value: T;
}

/**
 * Values by key (`namespace/name`, or `name` of what has no namespace), as one or more list-watches keep them.
 * Holds only what their `transform` made of the objects.
 */
export class Cache<T, Index extends string = never> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #indexBy: Readonly<Record<Index, IndexBy<T>>>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #graves = new Map<string, string>();
  readonly #listeners = new Set<(change: Change<T>) => void>();

  constructor(indexBy: Readonly<Record<Index, IndexBy<T>>>) {
    this.#indexBy = indexBy;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  *values(): Generator<T> {
    for (const { value } of this.#entries.values()) yield value;
  }

  /** Keys of the values that the index has under `place`. */
  find(index: Index, place: string): readonly string[] {
    return [...(this.#indexes.get(index)?.get(place) ?? [])];
  }

  /**
   * Calls `listener` after each change, synchronously: it should only take note. Returns how to end that.
   * What is inside already is not told.
   */
  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  resourceVersion(key: string): string | undefined {
    return this.#entries.get(key)?.resourceVersion;
  }

  /** For list-watches only: puts the value in, and tells if its resourceVersion is another than before. */
  set(key: string, resourceVersion: string, value: T, origin: Origin): void {
    const before = this.#entries.get(key);
    if (before?.resourceVersion === resourceVersion) return;
    this.#entries.set(key, { resourceVersion, value });
    if (before !== undefined) this.#unfile(key, before.value);
    this.#file(key, value);
    this.#tell(
      before === undefined
        ? { type: 'added', key, value, origin }
        : { type: 'changed', key, old: before.value, value, origin },
    );
  }

  /**
   * Puts in what was just written, as the API server answered it, without waiting for the watch to echo it. Does
   * nothing when the watch was faster and told of something newer, a deletion included.
   */
  remember(key: string, resourceVersion: string, value: T): void {
    const isOutdated =
      isOlder(resourceVersion, this.resourceVersion(key)) || isOlder(resourceVersion, this.#graves.get(key));
    if (!isOutdated) this.set(key, resourceVersion, value, 'watch');
  }

  /** Replaces what is kept of an object in one and the same state; no listener is called. */
  refine(key: string, resourceVersion: string, value: T): void {
    const before = this.#entries.get(key);
    if (before?.resourceVersion !== resourceVersion) return;
    this.#entries.set(key, { resourceVersion, value });
    this.#unfile(key, before.value);
    this.#file(key, value);
  }

  /** For list-watches only. `resourceVersion`: a state in which the object was not there any more. */
  delete(key: string, resourceVersion: string, origin: Origin): void {
    this.#bury(key, resourceVersion);
    const before = this.#entries.get(key);
    if (before === undefined) return;
    this.#entries.delete(key);
    this.#unfile(key, before.value);
    this.#tell({ type: 'deleted', key, old: before.value, origin });
  }

  #bury(key: string, resourceVersion: string): void {
    this.#graves.delete(key);
    this.#graves.set(key, resourceVersion);
    const oldest = this.#graves.keys().next();
    if (this.#graves.size > MOST_GRAVES && oldest.done !== true) this.#graves.delete(oldest.value);
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }

  #places(key: string, value: T): (readonly [string, readonly string[]])[] {
    return Object.entries<IndexBy<T>>(this.#indexBy).map(([name, indexBy]) => [name, indexBy(value, key)]);
  }

  #file(key: string, value: T): void {
    for (const [name, places] of this.#places(key, value)) {
      const index = this.#indexes.get(name) ?? new Map<string, Set<string>>();
      this.#indexes.set(name, index);
      for (const place of places) index.set(place, (index.get(place) ?? new Set()).add(key));
    }
  }

  #unfile(key: string, value: T): void {
    for (const [name, places] of this.#places(key, value)) {
      const index = this.#indexes.get(name);
      for (const place of places) {
        const keys = index?.get(place);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(place);
      }
    }
  }
}
