import type { Logger } from 'pino';
import { Cache, type Change } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import { startListWatch, type ListWatch } from '../kube/list-watch.ts';
import { resourcePath } from '../kube/resource-path.ts';
import { SharedValues } from '../kube/shared-values.ts';
import { createTokenStore, identify, JWTS, SECRETS } from '../kube/token-store.ts';
import type { Store } from '../loop/act.ts';
import { systemClock } from '../time/clock.ts';
import type { Sources } from '../loop/observe.ts';
import { objectMember, type JsonObject } from '../resources/json.ts';
import { parseJwt, type Jwt } from '../resources/jwt.ts';
import { KIND, MANAGED_LABEL } from '../resources/names.ts';
import { objectKey } from '../resources/object-key.ts';
import { parseOtherSecret, type SecretMetadata } from '../resources/secret.ts';
import { digestLongClaims, packClaims } from './packed-claims.ts';
import { isManaged, keepLabelledSecrets } from './labelled-secrets.ts';

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
  /**
   * True once everything was listed; a namespace of several that cannot be listed is not waited for: its JWTs come when
   * it can. False if it was stopped before.
   */
  readonly synced: Promise<boolean>;
  watches(): Iterable<{ readonly resource: string; readonly lastEventAt: number | undefined }>;
  subscribe(listener: Listener): void;
  stop(): Promise<void>;
}

/**
 * Watches JWTs and Secrets. Secrets are watched twice: those with our label, of whose data it is kept what judging a
 * JWT's token takes (see `keepLabelledSecrets`); all others by their metadata alone, since one of them may be a key, or a
 * Secret of token-manager.
 * With `namespaces`, each of them is watched by itself, so that Roles suffice.
 */
export function watchCluster(
  client: KubeClient,
  log: Logger,
  namespaces: readonly string[] | undefined,
): WatchedCluster {
  const jwts = new Cache<Jwt>();
  const others = new Cache<SecretMetadata>();
  const shared = new SharedValues();
  const labelled = keepLabelledSecrets(jwts, shared);
  const keepJwt = (object: JsonObject): Jwt | undefined => {
    const jwt = readJwt(object);
    // To look for equal parts in long claims would take several times as long as to read them.
    return jwt === undefined ? undefined : packClaims(shared.share(digestLongClaims(jwt)));
  };
  const keepMetadata = (object: JsonObject): SecretMetadata => shared.share(parseOtherSecret(object));
  const ours = { labelSelector: `${MANAGED_LABEL}=true` };
  const foreign = { labelSelector: `${MANAGED_LABEL}!=true` };
  const watchIn = (place: { readonly namespace?: string }): readonly NamedWatch[] => {
    const common = { client, clock: systemClock, log };
    const secrets = { ...common, path: resourcePath(SECRETS, place) };
    const metadata = { metadataOnly: true, transform: keepMetadata, store: others };
    const jwtWatch = startListWatch({
      ...common,
      path: resourcePath(JWTS, place),
      store: jwts,
      transform: keepJwt,
    });
    return [
      { resource: 'jwts', watch: jwtWatch },
      {
        resource: 'tokens',
        watch: startListWatch({
          ...secrets,
          query: ours,
          store: labelled.cache,
          transform: (secret) => labelled.parse(secret),
          needsManagedFields: true,
          after: jwtWatch.synced,
        }),
      },
      { resource: 'secrets', watch: startListWatch({ ...secrets, query: foreign, ...metadata }) },
    ];
  };
  const areas = namespaces?.map((namespace) => watchArea(watchIn({ namespace }), namespace)) ?? [
    watchArea(watchIn({})),
  ];
  const unlisted = new Set(areas);
  const isListed = (namespace: string): boolean => {
    for (const area of unlisted)
      if (area.namespace === undefined || area.namespace === namespace) return false;
    return true;
  };
  const listeners: Listener[] = [];
  const admit = async (area: Area): Promise<void> => {
    if (!(await area.listed)) return;
    unlisted.delete(area);
    for (const jwt of jwts.values()) {
      if (area.namespace !== undefined && area.namespace !== jwt.namespace) continue;
      for (const listener of listeners) listener.jwtChanged(undefined, jwt);
    }
  };
  for (const area of areas) void admit(area);
  const watches = areas.flatMap((area) => area.watches);
  const store = createTokenStore({
    client,
    onSecret: (secret, signedBy) => {
      const { key, resourceVersion } = identify(secret);
      if (!hasOurLabel(secret)) {
        // An admission plugin took it off: the watch of our label will never tell of this Secret.
        others.remember(key, resourceVersion, keepMetadata(secret));
        return;
      }
      labelled.cache.remember(key, resourceVersion, labelled.parse(secret, signedBy));
    },
    onJwt: (object) => {
      const { key, resourceVersion } = identify(object);
      const jwt = keepJwt(object);
      if (jwt !== undefined) jwts.remember(key, resourceVersion, jwt);
    },
  });
  return {
    store,
    sources: {
      jwt: (namespace, name) => (isListed(namespace) ? jwts.get(objectKey({ namespace, name })) : undefined),
      managedSecret: (namespace, name) => {
        const secret = labelled.cache.get(objectKey({ namespace, name }));
        return secret !== undefined && isManaged(secret) ? secret : undefined;
      },
      otherSecret: (namespace, name) => {
        const key = objectKey({ namespace, name });
        const secret = labelled.cache.get(key);
        return secret === undefined || isManaged(secret) ? others.get(key) : secret;
      },
      readSecret: async (namespace, name) => {
        const secret = await store.readSecret(namespace, name);
        if (secret !== undefined) labelled.learn(secret);
        return secret;
      },
      readJwt: async (namespace, name) => {
        const object = await store.readJwt(namespace, name);
        return object === undefined ? undefined : readJwt(object);
      },
    },
    jwts: function* () {
      for (const jwt of jwts.values()) if (isListed(jwt.namespace)) yield jwt;
    },
    synced: waitForAreas(areas),
    watches: () => watches.map(({ resource, watch }) => ({ resource, lastEventAt: watch.lastEventAt() })),
    subscribe: (listener) => {
      listeners.push(listener);
      jwts.subscribe((change) => {
        const namespace = (after(change) ?? before(change))?.namespace ?? '';
        if (isListed(namespace)) listener.jwtChanged(before(change), after(change));
      });
      labelled.cache.subscribe((change) => {
        const secret = after(change) ?? before(change);
        // The round that writes a Secret knows of it. (The answer to the write of a JWT may hold an edit of its author.)
        if (change.origin === 'write' || secret === undefined) return;
        tellOfSecret(listener, isManaged(secret) ? secret.metadata : secret);
      });
      others.subscribe((change) => tellOfSecret(listener, after(change) ?? before(change)));
    },
    stop: async () => {
      await Promise.all(watches.map(({ watch }) => watch.stop()));
    },
  };
}

/** The watches of one namespace, or of all. */
interface Area {
  readonly namespace: string | undefined;
  readonly watches: readonly NamedWatch[];
  /** True when all of them have listed; false if they were stopped before. */
  readonly listed: Promise<boolean>;
}

function watchArea(watches: readonly NamedWatch[], namespace?: string): Area {
  const listed = Promise.all(watches.map(({ watch }) => watch.synced)).then((each) => each.every(Boolean));
  return { namespace, watches, listed };
}

/** True when every area has listed or failed to, and one at least has listed; false if they were stopped before. */
async function waitForAreas(areas: readonly Area[]): Promise<boolean> {
  const failed = ({ watches }: Area): Promise<void> => Promise.race(watches.map(({ watch }) => watch.failed));
  await Promise.all(areas.map((area) => Promise.race([area.listed, failed(area)])));
  return Promise.race(areas.map(({ listed }) => listed));
}

function hasOurLabel(secret: JsonObject): boolean {
  const labels = objectMember(objectMember(secret, 'metadata'), 'labels');
  return labels?.[MANAGED_LABEL] === 'true';
}

interface NamedWatch {
  readonly resource: string;
  readonly watch: ListWatch;
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
