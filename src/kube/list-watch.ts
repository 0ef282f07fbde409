import { stringMember, objectMember, type JsonObject } from '../resources/json.ts';
import type { Milliseconds, Seconds } from '../time/units.ts';
import { METADATA_LIST_ONLY, METADATA_ONLY, type KubeClient } from './client.ts';
import { isNotFound, KubeError } from './errors.ts';
import { objectKey } from '../resources/object-key.ts';
import type { Query } from './request.ts';
import type { Clock } from '../time/clock.ts';
import type { Log } from './log.ts';
import { identifyHead, LONGEST_OBJECT, type ObjectIdentity } from './pieces.ts';
import { parseResourcePath } from './resource-path.ts';
import { WatchHealth } from './watch-health.ts';
import { applyEvent, isOlder, replaceAll, Replacement, type Kept, type WatchStore } from './watch-store.ts';

/** What to list and watch, what to keep of it, and where. */
export interface ListWatchOptions<T> {
  readonly client: Pick<KubeClient, 'listMapped' | 'watch'>;
  /** Of a collection, of one namespace or all. */
  readonly path: string;
  /** labelSelector, fieldSelector. */
  readonly query?: Query;
  /** Ask for metadata alone. */
  readonly metadataOnly?: boolean;
  /** `transform` looks at `metadata.managedFields`; they are left out of listed objects otherwise. */
  readonly needsManagedFields?: boolean;
  /** What is kept of an object; `undefined`: nothing, as if it were not there. */
  readonly transform: (object: JsonObject) => T | undefined;
  /** Where it is kept. Two list-watches may share one only if their paths are of different namespaces. */
  readonly store: WatchStore<T>;
  /** Nothing is listed before this is settled: what is kept may depend on what another list-watch keeps. */
  readonly after?: Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  /** Numbers in [0, 1) for jitter; `Math.random` by default. */
  readonly random?: () => number;
  /** Time without a byte after which a connection counts as dead; 90 s by default. */
  readonly silenceMs?: Milliseconds;
}

/** A list-watch under way. It goes on until stopped, whatever the API server does. */
export interface ListWatch {
  /** True when the store holds everything for the first time; false if it was stopped before. Never rejects. */
  readonly synced: Promise<boolean>;
  readonly isSynced: () => boolean;
  /** Resolves when a list failed for the first time before any succeeded. Never rejects. */
  readonly failed: Promise<void>;
  /** Why it fails at present, in one word: the API server's, or that of the transport. */
  readonly problem: () => string | undefined;
  /** When the API server last said anything (events, bookmarks, the beginning of an answer), since the epoch. */
  readonly lastEventAt: () => Milliseconds | undefined;
  /** Ends the watch and every timer; the store keeps what it has. */
  readonly stop: () => Promise<void>;
}

/** How long one watch lasts at most; a random time up to twice as much, as client-go does. */
const WATCH_TIME: Seconds = 300;
const NOTHING = { items: [], resourceVersion: '' };

/** Keeps `store` equal to what the API server has: lists, watches, resumes, lists again when it must. */
export function startListWatch<T>(options: ListWatchOptions<T>): ListWatch {
  const { client, path, query, store, clock, log, random = Math.random, silenceMs } = options;
  const { resource, namespace } = parseResourcePath(path);
  const scope = namespace === undefined ? '' : `${namespace}/`;
  const abort = new AbortController();
  const synced = Promise.withResolvers<boolean>();
  const failed = Promise.withResolvers<void>();
  let isSynced = false;
  let lastEventAt: Milliseconds | undefined;
  let resourceVersion: string | undefined; // undefined: list first
  let newest: string | undefined; // the last one resumed from, also after it was given up
  const health = new WatchHealth(resource, log, random);
  let isQuiet = false; // the present watch was opened and has not brought anything yet

  const keep = (object: JsonObject): Kept<T> | undefined => {
    const metadata = objectMember(object, 'metadata');
    const name = stringMember(metadata, 'name');
    const version = stringMember(metadata, 'resourceVersion');
    if (name === undefined || version === undefined) return undefined;
    const objectNamespace = stringMember(metadata, 'namespace') ?? '';
    const key = objectKey({ namespace: objectNamespace, name });
    try {
      return { key, resourceVersion: version, value: options.transform(object) };
    } catch {
      // One object that cannot be read must not cost the others; what it holds stays out of the log.
      log.warn({ resource, key }, 'an object could not be read and is left out');
      return undefined;
    }
  };
  /** An object that is too long to be read counts as if it were not there: whoever wrote it loses only that one. */
  const leaveOut = (head: string): ObjectIdentity | undefined => {
    const identity = identifyHead(head);
    const { namespace: of, name } = identity ?? {};
    log.warn(
      { resource, namespace: of, name, longest: LONGEST_OBJECT },
      'an object is too long and is left out',
    );
    return identity;
  };
  const noteProgress = (): void => {
    isQuiet = false;
    lastEventAt = clock.now();
    health.succeed();
  };
  const dropObject = ({ namespace: of, name, resourceVersion: version }: ObjectIdentity): void => {
    const key = objectKey({ namespace: of, name });
    if (!isOlder(version, store.resourceVersion(key))) store.delete(key, version);
    resourceVersion = version;
    newest = version;
    noteProgress();
  };
  const list = async (): Promise<string> => {
    const replacement = new Replacement(store, scope);
    const listed = await client.listMapped(path, {
      query,
      accept: options.metadataOnly === true ? METADATA_LIST_ONLY : undefined,
      signal: abort.signal,
      map: (object) => replacement.add(keep(object)),
      withoutManagedFields: options.needsManagedFields !== true,
      onOversized: leaveOut,
    });
    lastEventAt = clock.now();
    replacement.end(listed, isOlder(listed.resourceVersion, newest));
    isSynced = true;
    synced.resolve(true);
    return listed.resourceVersion;
  };
  const watch = async (from: string): Promise<void> => {
    const events = client.watch(
      path,
      {
        query: {
          ...query,
          resourceVersion: from,
          allowWatchBookmarks: true,
          timeoutSeconds: Math.floor(WATCH_TIME * (1 + random())),
        },
        accept: options.metadataOnly === true ? METADATA_ONLY : undefined,
        silenceMs,
        onOpen: () => {
          isQuiet = true;
          lastEventAt = clock.now();
        },
        onOversized: (head) => {
          const identity = leaveOut(head);
          if (identity !== undefined) dropObject(identity);
        },
      },
      abort.signal,
    );
    for await (const event of events) {
      if (abort.signal.aborted) return;
      resourceVersion = applyEvent(store, event, keep, resource) ?? resourceVersion;
      newest = resourceVersion;
      noteProgress();
    }
  };
  /** One list if it takes one, one watch; how long to wait before the next. */
  const attempt = async (): Promise<Milliseconds> => {
    let startedAt = clock.monotonic();
    let listing = true;
    isQuiet = false;
    try {
      resourceVersion ??= await list();
      newest = resourceVersion;
      listing = false;
      startedAt = clock.monotonic();
      await watch(resourceVersion);
      return health.end(clock.monotonic() - startedAt);
    } catch (error) {
      if (abort.signal.aborted) return 0;
      if (isQuiet && isDeadline(error)) {
        // As long as nothing changes there may be no bookmarks either. The watch is opened again all the same: if the
        // connection was dead, that shows it.
        health.succeed();
        log.debug({ resource }, 'nothing was to be told yet: the watch is opened again');
        return 0;
      }
      const delay = health.fail(error, listing ? 0 : clock.monotonic() - startedAt);
      if (listing && isNotFound(error) && health.failures > 1) replaceAll(store, NOTHING, scope, true); // its CRD is gone
      if (!listing && health.mustList(error)) resourceVersion = undefined;
      if (delay > 0 && !isSynced) failed.resolve();
      return delay;
    }
  };
  const run = async (): Promise<void> => {
    await options.after;
    while (!abort.signal.aborted) {
      const delay = await attempt();
      if (delay > 0) await clock.sleep(delay, abort.signal);
    }
    synced.resolve(false);
  };
  const running = run();
  return {
    synced: synced.promise,
    isSynced: () => isSynced,
    failed: failed.promise,
    problem: () => health.problem,
    lastEventAt: () => lastEventAt,
    stop: () => {
      abort.abort();
      return running;
    },
  };
}

function isDeadline(error: unknown): boolean {
  return error instanceof KubeError && error.reason === 'Deadline';
}
