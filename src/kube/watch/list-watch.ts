import type { Milliseconds } from '../../time/units.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { WatchHealth, type AfterWatch } from './watch-health.ts';

/** The collection to list and watch, the part of it to keep, and the cache for it. */
export interface ListWatchOptions<T> extends ReflectorOptions<T> {
  /** Nothing is listed before this is settled: what is kept may depend on what another list-watch keeps. */
  readonly after?: Promise<unknown>;
}

/** A running list-watch. It goes on until stopped, whatever the API server does. */
export interface ListWatch {
  /** True when the store holds everything for the first time; false if it was stopped before. Never rejects. */
  readonly synced: Promise<boolean>;
  readonly isSynced: () => boolean;
  /** Resolves when a list failed for the first time before any succeeded. Never rejects. */
  readonly failed: Promise<void>;
  /** Why it fails now, in one word: the API server's, or that of the transport. */
  readonly problem: () => string | undefined;
  /** When the API server last said anything (events, bookmarks, the beginning of an answer), since the epoch. */
  readonly lastEventAt: () => Milliseconds | undefined;
  /** Ends the watch and every timer; the store keeps what it has. */
  readonly stop: () => Promise<void>;
}

/** Keeps `store` equal to what the API server has: lists, watches, resumes, lists again when it must. */
export function startListWatch<T>(options: ListWatchOptions<T>): ListWatch {
  const { clock, log, random = Math.random } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const synced = Promise.withResolvers<boolean>();
  const failed = Promise.withResolvers<void>();
  let isSynced = false;
  const reflector = new Reflector(options);
  const { resource } = reflector;
  const health = new WatchHealth(resource, log, random);

  /** One list; how long to wait after it. */
  const list = async (): Promise<Milliseconds> => {
    try {
      await reflector.list(signal);
      isSynced = true;
      synced.resolve(true);
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      const { delay, isGone } = health.failList(error);
      if (isGone) reflector.empty();
      if (delay > 0 && !isSynced) failed.resolve();
      return delay;
    }
  };
  const proceed = ({ delay, next }: AfterWatch): Milliseconds => {
    if (next === 'list') reflector.requireList();
    if (next === 'tryList') reflector.tryList();
    return delay;
  };
  /** One watch; how long to wait after it. */
  const watch = async (): Promise<Milliseconds> => {
    const startedAt = clock.monotonic();
    try {
      const end = await reflector.watch(signal, () => health.work());
      if (end === 'closed') return proceed(health.closeWatch(clock.monotonic() - startedAt));
      // As long as nothing changes there may be no bookmarks either. The watch is opened again anyway: if the
      // connection was dead, that shows it.
      health.work();
      log.debug({ resource }, 'no event for a long time: the watch is opened again');
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      return proceed(health.failWatch(error, clock.monotonic() - startedAt));
    }
  };
  const run = async (): Promise<void> => {
    await options.after;
    while (!signal.aborted) {
      const delay = await (reflector.needsList ? list() : watch());
      if (delay > 0) await clock.sleep(delay, signal);
    }
    synced.resolve(false);
  };
  const running = run();
  return {
    synced: synced.promise,
    isSynced: () => isSynced,
    failed: failed.promise,
    problem: () => health.problem,
    lastEventAt: () => reflector.lastEventAt,
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
