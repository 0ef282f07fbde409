import type { Logger } from 'pino';
import type { Change } from '../kube/watch/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Store } from '../loop/act.ts';
import type { Sources } from '../loop/observe.ts';
import type { Jwt } from '../resources/jwt.ts';
import { objectKey, type ObjectName } from '../resources/object-key.ts';
import type { SecretMetadata } from '../resources/secret.ts';
import { createCaches, readNamespacedJwt, type Caches } from './caches.ts';
import { metadataOf } from './labelled-secrets.ts';
import { createRememberingStore, type RememberingStore } from './remember-writes.ts';
import { watchAreas, type WatchedAreas } from './watch-areas.ts';

/** Callbacks for changes of the caches. */
interface Listener {
  jwtChanged(before: Jwt | undefined, after: Jwt | undefined): void;
  secretChanged(namespace: string, name: string): void;
  /** A round wrote or read the Secret, and needs no other one for that; the text of its token may be in memory now. */
  tokenKept(namespace: string, name: string): void;
}

/** The state of the cluster as the loop knows it, kept up to date, and its way to write. */
export interface WatchedCluster extends Pick<WatchedAreas, 'synced' | 'watches' | 'stop'> {
  readonly sources: Sources;
  readonly store: Store;
  /** The JWTs of namespaces of which everything is known. */
  jwts(): Iterable<Jwt>;
  subscribe(listener: Listener): void;
}

/** Watches JWTs and Secrets, in all namespaces or in these. */
export function watchCluster(
  client: KubeClient,
  log: Logger,
  namespaces: readonly string[] | undefined,
): WatchedCluster {
  const caches = createCaches();
  const listeners: Listener[] = [];
  const areas = watchAreas({
    client,
    log,
    caches,
    namespaces,
    onListed: (namespace) => {
      if (namespace === undefined) return; // nobody works before all is listed
      for (const jwt of caches.jwts.cache.values()) {
        if (jwt.namespace === namespace) for (const each of listeners) each.jwtChanged(undefined, jwt);
      }
      // JWTs of other namespaces may name keys in this one.
      for (const secret of secretsIn(caches)) {
        if (secret.namespace === namespace)
          for (const each of listeners) each.secretChanged(namespace, secret.name);
      }
    },
  });
  const store = createRememberingStore(client, caches);
  return {
    store,
    sources: createSources(caches, store, areas, ({ namespace, name }) => {
      for (const each of listeners) each.tokenKept(namespace, name);
    }),
    jwts: function* () {
      for (const jwt of caches.jwts.cache.values()) if (areas.isListed(jwt.namespace)) yield jwt;
    },
    subscribe: (listener) => {
      listeners.push(listener);
      forwardChanges(caches, areas, listener);
    },
    synced: areas.synced,
    watches: () => areas.watches(),
    stop: () => areas.stop(),
  };
}

/**
 * The caches answer at once, the API server when it is asked. `onRead` is called with each Secret that it answered with.
 *
 * @internal
 */
export function createSources(
  { jwts, labelled, unlabelled }: Caches,
  store: RememberingStore,
  areas: Pick<WatchedAreas, 'isListed'>,
  onRead: (secret: ObjectName) => void,
): Sources {
  return {
    isListed: (namespace) => areas.isListed(namespace),
    jwt: (namespace, name) =>
      areas.isListed(namespace) ? jwts.cache.get(objectKey({ namespace, name })) : undefined,
    tokenSecret: (namespace, name) => labelled.ofJwt(objectKey({ namespace, name })),
    secretMetadata: (namespace, name) => {
      const key = objectKey({ namespace, name });
      return labelled.withoutJwt(key) ?? unlabelled.cache.get(key);
    },
    readSecret: async (namespace, name) => {
      const secret = await store.readSecret(namespace, name);
      if (secret === undefined) return undefined;
      labelled.noteRead(secret);
      onRead({ namespace, name });
      return secret;
    },
    readJwt: async (namespace, name) => {
      const object = await store.readJwt(namespace, name);
      return object === undefined ? undefined : readNamespacedJwt(object);
    },
  };
}

function* secretsIn({ labelled, unlabelled }: Caches): Iterable<SecretMetadata> {
  for (const secret of labelled.cache.values()) yield metadataOf(secret);
  yield* unlabelled.cache.values();
}

/**
 * Tells the listener of each change, but not of a JWT whose namespace is not listed.
 *
 * @internal
 */
export function forwardChanges(
  { jwts, labelled, unlabelled }: Caches,
  areas: Pick<WatchedAreas, 'isListed'>,
  listener: Listener,
): void {
  jwts.cache.subscribe((change) => {
    // The answer to a write of ours counts as well: it may hold an edit of the JWT's author.
    if (areas.isListed(newest(change).namespace)) listener.jwtChanged(before(change), after(change));
  });
  labelled.cache.subscribe((change) => {
    const { namespace, name } = metadataOf(newest(change));
    if (change.origin === 'write') listener.tokenKept(namespace, name);
    else listener.secretChanged(namespace, name);
  });
  unlabelled.cache.subscribe((change) => {
    const { namespace, name } = newest(change);
    listener.secretChanged(namespace, name);
  });
}

function before<T>(change: Change<T>): T | undefined {
  return change.type === 'added' ? undefined : change.old;
}

function after<T>(change: Change<T>): T | undefined {
  return change.type === 'deleted' ? undefined : change.value;
}

function newest<T>(change: Change<T>): T {
  return change.type === 'deleted' ? change.old : change.value;
}
