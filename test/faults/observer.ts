import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import { ApiRefusal, pathOf, pathOfAll, type Api, type WireEvent } from './api.ts';

/** One state of a Secret, a JWT or an Event, as the observer's watch reported it. */
export interface Sighting {
  /** Time of the report, in milliseconds since the epoch. */
  readonly at: number;
  readonly kind: 'Secret' | 'JWT' | 'Event';
  readonly isGone: boolean;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly object: Loose;
}

/**
 * The observer sees every state of every Secret, JWT and Event, also of those that are gone at the end,
 * through a watch that does not go through the service's proxy. It survives the outages of the faults, and
 * misses nothing: it resumes where it was cut off.
 */
export interface Observer {
  /** In the order in which they were reported. */
  sightings(namespace: string): readonly Sighting[];
  /** The current object, `undefined` if it does not exist. */
  see(kind: Sighting['kind'], namespace: string, name: string): Loose;
  /**
   * Resolves when the watch has reported the present state of the namespace. Before that, `see` can give an
   * earlier state.
   */
  catchUp(namespace: string): Promise<void>;
  /** Drops the states of a namespace, after they were judged. */
  forget(namespace: string): void;
  stop(): Promise<void>;
}

const PAUSE_MS = 100;
const KINDS = { secrets: 'Secret', jwts: 'JWT', events: 'Event' } as const;
const PLURALS = ['secrets', 'jwts', 'events'] as const;
/** A watch that is later than this does not work. */
export const MAX_LAG_MS = 30_000;

export function startObserver(api: Api): Observer {
  const chronicle = new Map<string, Sighting[]>();
  const present = new Map<string, Loose>();
  const ending = new AbortController();

  const note = (kind: Sighting['kind'], object: Loose, isGone: boolean): void => {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const key = `${kind} ${namespace}/${name}`;
    if (!isGone && present.get(key)?.metadata.resourceVersion === resourceVersion) return;
    if (isGone) present.delete(key);
    else present.set(key, object);
    const sightings = chronicle.get(namespace) ?? [];
    chronicle.set(namespace, sightings);
    sightings.push({ at: Date.now(), kind, isGone, name, uid, resourceVersion, object });
  };
  const list = async (plural: keyof typeof KINDS): Promise<string> => {
    const kind = KINDS[plural];
    const { items, metadata } = await api.list(pathOfAll(plural));
    const keys = new Set(
      items.map((item: Loose) => `${kind} ${item.metadata.namespace}/${item.metadata.name}`),
    );
    for (const [key, object] of present) {
      if (key.startsWith(`${kind} `) && !keys.has(key)) note(kind, object, true);
    }
    for (const item of items) note(kind, item, false);
    return metadata.resourceVersion;
  };
  const follow = async (plural: keyof typeof KINDS): Promise<void> => {
    let from: string | undefined;
    const take = ({ type, object }: WireEvent): void => {
      if (type === 'ERROR') from = undefined;
      else from = object.metadata.resourceVersion;
      if (type !== 'ERROR' && type !== 'BOOKMARK') note(KINDS[plural], object, type === 'DELETED');
    };
    while (!ending.signal.aborted) {
      try {
        from ??= await list(plural);
        await api.watch(pathOfAll(plural), from, take, ending.signal);
      } catch (error) {
        const isRefused = error instanceof ApiRefusal && (error.status === 404 || error.status === 410);
        if (isRefused) from = undefined; // its CRD is gone, or etcd was compacted
      }
      await sleep(PAUSE_MS);
    }
  };
  const catchUpWith = async (plural: keyof typeof KINDS, namespace: string): Promise<void> => {
    const kind = KINDS[plural];
    const { items, metadata } = await api.list(pathOf(plural, namespace));
    const uids = new Set(items.map((item: Loose) => item.metadata.uid));
    const isSeen = ({ metadata: { uid, resourceVersion } }: Loose): boolean =>
      (chronicle.get(namespace) ?? []).some(
        (sighting) =>
          sighting.uid === uid && (sighting.isGone || !isOlder(sighting.resourceVersion, resourceVersion)),
      );
    const isOutdated = ({ metadata: { uid, resourceVersion } }: Loose): boolean =>
      !uids.has(uid) && isOlder(resourceVersion, metadata.resourceVersion);
    await waitUntil(`the observer's watch of ${plural}`, MAX_LAG_MS, () => {
      const seen = [...present].filter(([key]) => key.startsWith(`${kind} ${namespace}/`));
      return items.every(isSeen) && !seen.some(([, object]) => isOutdated(object));
    });
  };
  const running = PLURALS.map((plural) => follow(plural));
  return {
    sightings: (namespace) => chronicle.get(namespace) ?? [],
    see: (kind, namespace, name) => present.get(`${kind} ${namespace}/${name}`),
    catchUp: async (namespace) => {
      await Promise.all(PLURALS.map((plural) => catchUpWith(plural, namespace)));
    },
    forget: (namespace) => void chronicle.delete(namespace),
    stop: async () => {
      ending.abort();
      await Promise.all(running);
    },
  };
}

/** From 1.35 on Kubernetes documents that versions are ordered; in practice they were before. */
function isOlder(version: string, other: string): boolean {
  return Number(version) < Number(other);
}
