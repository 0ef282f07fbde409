import type { JsonObject } from '../../resources/json.ts';
import type { Clock } from '../../time/clock.ts';
import { toSeconds, type Milliseconds, type Seconds } from '../../time/units.ts';
import { METADATA_LIST_ONLY, METADATA_ONLY, type KubeClient } from '../client.ts';
import { isAnswerLate, isDeadline } from '../errors.ts';
import { keepObject, leaveOut, type ObjectReading } from './kept-objects.ts';
import { MAX_PATIENCE_MS } from '../list/list-page.ts';
import type { Log } from '../log.ts';
import type { Query } from '../send.ts';
import { parseResourcePath } from '../resource-path.ts';
import { WATCH_SILENCE_MS } from './watch-stream.ts';
import { applyEvent, dropObject, isOlder, Replacement, type WatchStore } from './watch-store.ts';

/** The collection to list and watch, the part of it to keep, and the cache for it. */
export interface ReflectorOptions<T> {
  readonly client: Pick<KubeClient, 'listMapped' | 'watch'>;
  /** The path of a collection, of one namespace or all. */
  readonly path: string;
  /** labelSelector, fieldSelector. */
  readonly query?: Query;
  /** Ask for metadata alone. */
  readonly metadataOnly?: boolean;
  /** `transform` looks at `metadata.managedFields`; they are left out of listed objects otherwise. */
  readonly needsManagedFields?: boolean;
  /** The part of an object to keep; `undefined`: nothing, as if it were not there. */
  readonly transform: (object: JsonObject) => T | undefined;
  /** The cache to keep it in. Two reflectors may share one only if their paths are of different namespaces. */
  readonly store: WatchStore<T>;
  readonly clock: Clock;
  readonly log: Log;
  /** Numbers in [0, 1) for jitter; `Math.random` by default. */
  readonly random?: () => number;
  /** Time without a byte after which the connection of a watch counts as dead; 90 s by default. */
  readonly silence?: Milliseconds;
}

/** How a watch ended that did not fail: by the API server, or `quiet`, because it brought nothing at all for too long. */
type WatchEnd = 'closed' | 'quiet';

/**
 * A connection may be dead, so the first byte of a list is not waited for as long as the API server may take. One that is too
 * slow for that is given more time at each try: otherwise no list would ever end. So are further ones, until one is fast.
 */
const FIRST_PATIENCE_MS = 10_000;
const MORE_PATIENCE = 3;
/** A list is fast when each of its pages begins in this time: half of the patience, so that it does not come and go. */
const FAST_ANSWER_MS = FIRST_PATIENCE_MS / 2;

/** How long a watch lasts at most; a random time up to twice as much, as client-go does. */
const WATCH_TIME: Seconds = 300;
/**
 * How much of the time after which silence counts as death a watch lasts at most after such a silence: the API server then ends
 * it, and a proxy that keeps what it has until the answer ends gives that out.
 */
const SILENCE_SHARE = 0.9;
const NOTHING = { items: [], resourceVersion: '' };

/**
 * Makes a store what a collection is, as client-go's Reflector does: by a list, and by watches that go on from where the last
 * one ended. Each call does one of the two, and throws what the client throws; when to try again is not its concern.
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #reading: ObjectReading<T>;
  /** The prefix of the keys of this collection. */
  readonly #scope: string;
  /** The version from which the next watch goes on; `undefined`: it takes a list. */
  #resourceVersion: string | undefined;
  /** A list comes next, although a watch might go on. */
  #isListDue = false;
  /** The last one of these, also after it was given up: a list that is older comes from an etcd that was restored. */
  #newest: string | undefined;
  #lastEventAt: Milliseconds | undefined;
  /** A watch has ended in silence, and nothing came since. */
  #wasSilent = false;
  /** How long the first byte of a list is waited for. */
  #patience: Milliseconds = FIRST_PATIENCE_MS;

  constructor(options: ReflectorOptions<T>) {
    const { path, transform, log } = options;
    const { resource, namespace } = parseResourcePath(path);
    this.#options = options;
    this.#reading = { resource, transform, log };
    this.#scope = namespace === undefined ? '' : `${namespace}/`;
  }

  /** Plural, as in the path. */
  get resource(): string {
    return this.#reading.resource;
  }

  /** A list comes next: it is due, or nothing is known from which a watch could go on. */
  get needsList(): boolean {
    return this.#isListDue || this.#resourceVersion === undefined;
  }

  /** When the API server last said anything (events, bookmarks, the beginning of an answer), since the epoch. */
  get lastEventAt(): Milliseconds | undefined {
    return this.#lastEventAt;
  }

  /** The resourceVersion is of no use any more: no watch before a list. */
  requireList(): void {
    this.#resourceVersion = undefined;
  }

  /** One list comes next. Should it fail, a watch may still go on from the present resourceVersion. */
  tryList(): void {
    this.#isListDue = true;
  }

  /** The API server has no such collection: nothing is in it. */
  empty(): void {
    this.requireList();
    new Replacement(this.#options.store, this.#scope).end(NOTHING, true);
  }

  /** Makes the store what the API server lists. */
  async list(signal: AbortSignal): Promise<void> {
    const { client, path, query, metadataOnly, needsManagedFields, store } = this.#options;
    const replacement = new Replacement(store, this.#scope);
    this.#isListDue = false;
    let longestWait: Milliseconds = 0;
    const options = {
      query,
      accept: metadataOnly === true ? METADATA_LIST_ONLY : undefined,
      signal,
      patience: this.#patience,
      onAnswer: (waited: Milliseconds) => (longestWait = Math.max(longestWait, waited)),
      map: (object: JsonObject) =>
        replacement.recognize(object) ?? replacement.add(keepObject(object, this.#reading)),
      withoutManagedFields: needsManagedFields !== true,
      onOversized: (head: string) => leaveOut(head, this.#reading),
    };
    try {
      const listed = await client.listMapped(path, options);
      this.#noteEvent();
      if (longestWait <= FAST_ANSWER_MS) this.#patience = FIRST_PATIENCE_MS;
      const isRestored = isOlder(listed.resourceVersion, this.#newest);
      if (isRestored) store.forgetDeletions?.(this.#scope);
      replacement.end(listed, isRestored);
      this.#goOnFrom(listed.resourceVersion);
    } catch (error) {
      if (isAnswerLate(error)) this.#patience = Math.min(this.#patience * MORE_PATIENCE, MAX_PATIENCE_MS);
      throw error;
    }
  }

  /** Keeps the store up to date until one watch ends. `onProgress` is called after each event and bookmark. */
  async watch(signal: AbortSignal, onProgress: () => void): Promise<WatchEnd> {
    const { client, path, query, metadataOnly, store, silence = WATCH_SILENCE_MS } = this.#options;
    let isQuiet = false; // the API server has begun to answer, and nothing came since
    const progress = (resourceVersion: string | undefined): void => {
      isQuiet = false;
      this.#wasSilent = false;
      this.#goOnFrom(resourceVersion);
      this.#noteEvent();
      onProgress();
    };
    const options = {
      query: {
        ...query,
        resourceVersion: this.#resourceVersion,
        allowWatchBookmarks: true,
        timeoutSeconds: this.#watchTime(silence),
      },
      accept: metadataOnly === true ? METADATA_ONLY : undefined,
      silence,
      onOpen: () => {
        isQuiet = true;
        this.#noteEvent();
      },
      onOversized: (head: string) => {
        const identity = leaveOut(head, this.#reading);
        if (identity !== undefined) progress(dropObject(store, identity));
      },
    };
    const keep = (object: JsonObject) => keepObject(object, this.#reading);
    try {
      for await (const event of client.watch(path, options, signal)) {
        if (signal.aborted) break;
        progress(applyEvent(store, event, keep, this.resource));
      }
      return 'closed';
    } catch (error) {
      if (!isDeadline(error)) throw error;
      this.#wasSilent = true;
      if (!isQuiet) throw error;
      return 'quiet';
    }
  }

  /** How long the next watch lasts at most. */
  #watchTime(silence: Milliseconds): Seconds {
    const { random = Math.random } = this.#options;
    const time = this.#wasSilent ? toSeconds(silence) * SILENCE_SHARE : WATCH_TIME * (1 + random());
    return Math.max(1, Math.floor(time)); // 0 would be the API server's own time
  }

  #goOnFrom(resourceVersion: string | undefined): void {
    this.#resourceVersion = resourceVersion ?? this.#resourceVersion;
    this.#newest = this.#resourceVersion;
  }

  #noteEvent(): void {
    this.#lastEventAt = this.#options.clock.now();
  }
}
