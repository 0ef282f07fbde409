import type { Logger } from 'pino';
import { Cache, type Change } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import { startListWatch, type ListWatch } from '../kube/list-watch.ts';
import { resourcePath } from '../kube/resource-path.ts';
import { createTokenStore, identify, JWTS, SECRETS } from '../kube/token-store.ts';
import { isOlder } from '../kube/watch-store.ts';
import type { Store } from '../loop/act.ts';
import { systemClock } from '../loop/clock.ts';
import { parseManagedSecret, type ManagedSecret, type Sources } from '../loop/observe.ts';
import type { JsonObject } from '../resources/json.ts';
import { parseJwt, type Jwt } from '../resources/jwt.ts';
import { KIND, MANAGED_LABEL } from '../resources/names.ts';
import { parseSecretMetadata, type SecretMetadata } from '../resources/secret.ts';

/** Who hears of changes in the caches. */
export interface Listener {
  jwtChanged(before: Jwt | undefined, after: Jwt | undefined): void;
  secretChanged(namespace: string, name: string): void;
}

/** What the loop knows of the cluster, kept up to date, and how it writes. */
export interface WatchedCluster {
  readonly sources: Sources;
  readonly store: Store;
  jwts(): Iterable<Jwt>;
  /** True once everything was listed; false if it was stopped before. */
  readonly synced: Promise<boolean>;
  watches(): Iterable<{ readonly resource: string; readonly lastEventAt: number | undefined }>;
  subscribe(listener: Listener): void;
  stop(): Promise<void>;
}

/**
 * Watches JWTs and Secrets. Secrets are watched twice: ours, by label, with their data (of which hash and claims are
 * kept); all others by their metadata alone, since one of them may be a key, or a Secret of token-manager.
 */
export function watchCluster(client: KubeClient, log: Logger): WatchedCluster {
  const jwts = new Cache<Jwt>({});
  const managed = new Cache<ManagedSecret>({});
  const others = new Cache<SecretMetadata>({});
  const common = { client, clock: systemClock, log };
  const path = resourcePath(SECRETS);
  const ours = { labelSelector: `${MANAGED_LABEL}=true` };
  const foreign = { labelSelector: `${MANAGED_LABEL}!=true` };
  const watches: Readonly<Record<string, ListWatch>> = {
    jwts: startListWatch({ ...common, path: resourcePath(JWTS), store: jwts, transform: readJwt }),
    tokens: startListWatch({ ...common, path, query: ours, store: managed, transform: parseManagedSecret }),
    secrets: startListWatch({
      ...common,
      path,
      query: foreign,
      metadataOnly: true,
      store: others,
      transform: parseSecretMetadata,
    }),
  };
  const store = createTokenStore({
    client,
    onSecret: (secret) => remember(managed, secret, parseManagedSecret(secret)),
    onJwt: (jwt) => remember(jwts, jwt, readJwt(jwt)),
  });
  return {
    store,
    sources: {
      jwt: (namespace, name) => jwts.get(`${namespace}/${name}`),
      managedSecret: (namespace, name) => managed.get(`${namespace}/${name}`),
      otherSecret: (namespace, name) => others.get(`${namespace}/${name}`),
      readSecret: store.readSecret,
    },
    jwts: () => jwts.values(),
    synced: Promise.all(Object.values(watches).map(({ synced }) => synced)).then((each) =>
      each.every(Boolean),
    ),
    watches: () =>
      Object.entries(watches).map(([resource, { lastEventAt }]) => ({
        resource,
        lastEventAt: lastEventAt(),
      })),
    subscribe: (listener) => {
      jwts.subscribe((change) => listener.jwtChanged(before(change), after(change)));
      managed.subscribe((change) => tellOfSecret(listener, (after(change) ?? before(change))?.metadata));
      others.subscribe((change) => tellOfSecret(listener, after(change) ?? before(change)));
    },
    stop: async () => {
      await Promise.all(Object.values(watches).map(({ stop }) => stop()));
    },
  };
}

function before<T>(change: Change<T>): T | undefined {
  return change.type === 'added' ? undefined : change.old;
}

function after<T>(change: Change<T>): T | undefined {
  return change.type === 'deleted' ? undefined : change.value;
}

function tellOfSecret(listener: Listener, secret: SecretMetadata | undefined): void {
  if (secret !== undefined) listener.secretChanged(secret.namespace, secret.name);
}

/** A JWT of a cluster-scoped CRD, as some charts of token-manager had it, has no namespace to write a Secret to. */
function readJwt(object: JsonObject): Jwt | undefined {
  const jwt = parseJwt({ kind: KIND, ...object });
  return jwt.ok && jwt.value.namespace !== '' ? jwt.value : undefined;
}

/** Puts what was just written into its cache before the watch echoes it, so that no round acts on an older state. */
function remember<T>(cache: Cache<T>, object: JsonObject, value: T | undefined): void {
  const { key, resourceVersion } = identify(object);
  if (value === undefined || isOlder(resourceVersion, cache.resourceVersion(key))) return;
  cache.set(key, resourceVersion, value, 'watch');
}
