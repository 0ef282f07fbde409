import type { Cache } from '../../../src/kube/watch/cache.ts';
import { applyEvent, Replacement, type Kept } from '../../../src/kube/watch/watch-store.ts';
import type { Clock } from '../../../src/time/clock.ts';
import { objectMember, stringMember, type JsonObject } from '../../../src/resources/json.ts';
import { wireOf, type Change, type ModelJwt } from './model-cluster.ts';
import type { ModelSecret } from './secret.ts';

export interface WatchOptions<T> {
  readonly cache: Cache<T>;
  readonly transform: (object: JsonObject) => T | undefined;
  /** Whether the watch's selector matches the object. */
  readonly selects: (object: ModelJwt | ModelSecret) => boolean;
  /** All present objects that the selector can match, and the cluster's revision. */
  readonly list: () => { readonly objects: Iterable<ModelJwt | ModelSecret>; readonly revision: number };
  readonly clock: Clock;
  /** Clock of the process: while it is stopped it receives nothing. */
  readonly process: Pick<Clock, 'setTimer'>;
  /** The delay of events, in milliseconds. */
  readonly lagMs: () => number;
  /** Whether the API server answers. */
  readonly isUp: () => boolean;
  readonly onSynced: () => void;
  /** The cache received `count` objects that were not written by the controller. */
  readonly onNews: (count: number) => void;
}

interface News {
  dueAt: number;
  /** Time of the change. */
  readonly since: number;
  readonly deliver: () => void;
}

/** Delivered events are kept for this time: a round that began before them can still be running. */
const KEPT_MS = 90_000;

/**
 * One watch of one process: events reach its cache in order, late, and not at all while the API server is
 * down.
 */
export class ModelWatch<T> {
  readonly #options: WatchOptions<T>;
  #queue: News[] = [];
  #delivered: { readonly at: number; readonly since: number }[] = [];
  #pumping = false;
  #stopped = false;
  #synced = false;

  constructor(options: WatchOptions<T>) {
    this.#options = options;
    this.relist();
  }

  /** Whether the first list has arrived. */
  get isSynced(): boolean {
    return this.#synced;
  }

  /** Number of events that were not delivered yet. */
  get pending(): number {
    return this.#queue.length;
  }

  /** `isOwn`: the controller wrote it. */
  see(change: Change, isOwn: boolean): void {
    const { onNews, selects } = this.#options;
    const { before, after, revision } = change;
    const deliver = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: JsonObject): void =>
      this.#add(() => {
        if (!isOwn) onNews(1);
        this.#deliver({ type, object });
      });
    if (after !== undefined && selects(after)) {
      const type = before !== undefined && selects(before) ? 'MODIFIED' : 'ADDED';
      deliver(type, wireOf(after));
    } else if (before !== undefined && selects(before)) {
      // An object that the selector does not match any more is also reported as deleted, with the revision of
      // that change.
      deliver('DELETED', wireOf(after ?? { ...before, resourceVersion: revision }));
    }
  }

  /** The watch broke: events that were not delivered are found by a new list. */
  relist(): void {
    const { cache, clock, list, onNews, onSynced, selects } = this.#options;
    const since = Math.min(clock.monotonic(), ...this.#queue.map((news) => news.since));
    this.#queue = [];
    const deliver = (): void => {
      const { objects, revision } = list();
      const listed = [...objects].filter(selects).map((object) => this.#keep(wireOf(object)));
      onNews(listed.length);
      const replacement = new Replacement(cache, '');
      const items = listed.map((kept) => replacement.add(kept));
      replacement.end({ items, resourceVersion: String(revision) }, false);
      this.#synced = true;
      onSynced();
    };
    this.#add(deliver, since);
  }

  /** The API server answers again: waiting events are sent. */
  resume(): void {
    const { clock, lagMs } = this.#options;
    for (const news of this.#queue) news.dueAt = clock.monotonic() + lagMs();
    this.#pump();
  }

  stop(): void {
    this.#stopped = true;
  }

  /**
   * The earliest time (monotonic) whose state the cache, or a round that began up to `roundMs` ago, can have.
   */
  staleSince(roundMs: number): number {
    const now = this.#options.clock.monotonic();
    this.#delivered = this.#delivered.filter(({ at }) => at > now - KEPT_MS);
    const recent = this.#delivered.filter(({ at }) => at >= now - roundMs);
    return Math.min(now - roundMs, ...[...this.#queue, ...recent].map(({ since }) => since));
  }

  #add(deliver: () => void, since = this.#options.clock.monotonic()): void {
    if (this.#stopped) return;
    const { clock, lagMs } = this.#options;
    const dueAt = Math.max(clock.monotonic() + lagMs(), this.#queue.at(-1)?.dueAt ?? 0);
    this.#queue.push({ dueAt, since, deliver });
    this.#pump();
  }

  #pump(): void {
    const { clock, process, isUp } = this.#options;
    const [first] = this.#queue;
    if (this.#pumping || this.#stopped || first === undefined || !isUp()) return;
    this.#pumping = true;
    process.setTimer(first.dueAt - clock.monotonic(), () => {
      this.#pumping = false;
      const [next] = this.#queue;
      const now = clock.monotonic();
      if (this.#stopped || next === undefined || !isUp()) return;
      if (next.dueAt <= now) {
        this.#queue.shift();
        this.#delivered.push({ at: now, since: next.since });
        next.deliver();
      }
      this.#pump();
    });
  }

  #deliver(event: { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: JsonObject }): void {
    applyEvent(this.#options.cache, event, (object) => this.#keep(object), 'model');
  }

  #keep(object: JsonObject): Kept<T> {
    const metadata = objectMember(object, 'metadata');
    const key = `${stringMember(metadata, 'namespace')}/${stringMember(metadata, 'name')}`;
    const resourceVersion = stringMember(metadata, 'resourceVersion') ?? '';
    return { key, resourceVersion, value: this.#options.transform(object) };
  }
}
