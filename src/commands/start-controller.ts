import type { Logger } from 'pino';
import type { ControllerConfig } from '../config.ts';
import { Cache } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import { startListWatch, type ListWatch } from '../kube/list-watch.ts';
import { resourcePath } from '../kube/resource-path.ts';
import { isOlder } from '../kube/watch-store.ts';
import { createTokenStore, explainFailure, identify, JWTS, SECRETS } from '../kube/token-store.ts';
import { systemClock } from '../loop/clock.ts';
import { createController } from '../loop/controller.ts';
import { KeyRing } from '../loop/key-ring.ts';
import { parseManagedSecret, type ManagedSecret } from '../loop/observe.ts';
import { createJournal, type EventSink } from '../loop/write-journal.ts';
import { findCondition } from '../reconcile/conditions.ts';
import { parseTime } from '../reconcile/time.ts';
import type { JsonObject } from '../resources/json.ts';
import { parseJwt, type Jwt } from '../resources/jwt.ts';
import { MANAGED_LABEL } from '../resources/names.ts';
import { parseSecretMetadata, type SecretMetadata } from '../resources/secret.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { TokenReading } from '../telemetry/token-gauge.ts';

/** The reconcile half at work. */
export interface RunningController {
  /** For the gauges of a scrape. */
  readings(): Iterable<TokenReading>;
  queueDepth(): number;
  watches(): Iterable<{ readonly resource: string; readonly lastEventAt: number | undefined }>;
  /** Lets the running rounds end, then ends the watches. */
  stop(): Promise<void>;
}

export interface ControllerMeans {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: EventSink;
}

/** Watches JWTs and Secrets, and begins to work once all are listed. Secrets are watched twice: ours with data, the rest without. */
export function startController(
  config: ControllerConfig,
  { client, log, metrics, events }: ControllerMeans,
): RunningController {
  const jwts = new Cache<Jwt>({});
  const managed = new Cache<ManagedSecret>({});
  const others = new Cache<SecretMetadata>({});
  const watch = { client, clock: systemClock, log };
  const secretPath = resourcePath(SECRETS);
  const watches: Readonly<Record<string, ListWatch>> = {
    jwts: startListWatch({ ...watch, path: resourcePath(JWTS), store: jwts, transform: readJwt }),
    tokens: startListWatch({
      ...watch,
      path: secretPath,
      query: { labelSelector: `${MANAGED_LABEL}=true` },
      store: managed,
      transform: parseManagedSecret,
    }),
    secrets: startListWatch({
      ...watch,
      path: secretPath,
      query: { labelSelector: `${MANAGED_LABEL}!=true` },
      metadataOnly: true,
      store: others,
      transform: parseSecretMetadata,
    }),
  };

  const store = createTokenStore({
    client,
    onSecret: (secret) => remember(managed, secret, parseManagedSecret(secret)),
    onJwt: (object) => remember(jwts, object, readJwt(object)),
  });
  const sources = {
    jwt: (namespace: string, name: string) => jwts.get(`${namespace}/${name}`),
    managedSecret: (namespace: string, name: string) => managed.get(`${namespace}/${name}`),
    otherSecret: (namespace: string, name: string) => others.get(`${namespace}/${name}`),
    readSecret: store.readSecret,
  };
  const { legacyKeyNamespace, workers } = config;
  const controller = createController({
    clock: systemClock,
    workers,
    onBug: (key, error) => log.error({ jwt: key, err: error }, 'internal error in a reconcile round'),
    reconciler: {
      observer: { sources, keyRing: new KeyRing(), legacyKeyNamespace },
      store,
      journal: createJournal({ log, metrics, events }),
      explain: explainFailure,
    },
  });
  jwts.subscribe((change) => {
    controller.jwtChanged(
      change.type === 'added' ? undefined : change.old,
      change.type === 'deleted' ? undefined : change.value,
    );
  });
  managed.subscribe((change) => {
    const { metadata } = change.type === 'deleted' ? change.old : change.value;
    controller.secretChanged(metadata.namespace, metadata.name);
  });
  others.subscribe((change) => {
    const { namespace, name } = change.type === 'deleted' ? change.old : change.value;
    controller.secretChanged(namespace, name);
  });

  void Promise.all(Object.values(watches).map(({ synced }) => synced)).then((synced) => {
    if (synced.every(Boolean)) controller.start();
  });
  return {
    readings: function* () {
      for (const jwt of jwts.values()) yield readingOf(jwt);
    },
    queueDepth: () => controller.depth(),
    watches: () =>
      Object.entries(watches).map(([resource, { lastEventAt }]) => ({
        resource,
        lastEventAt: lastEventAt(),
      })),
    stop: async () => {
      await controller.stop();
      await Promise.all(Object.values(watches).map(({ stop }) => stop()));
    },
  };
}

function readJwt(object: JsonObject): Jwt | undefined {
  const jwt = parseJwt({ kind: 'JWT', ...object });
  return jwt.ok ? jwt.value : undefined;
}

/** Puts what was just written into its cache, before the watch echoes it: so that no round acts on an older state. */
function remember<T>(cache: Cache<T>, object: JsonObject, value: T | undefined): void {
  const { key, resourceVersion } = identify(object);
  const known = cache.resourceVersion(key);
  if (value !== undefined && !isOlder(resourceVersion, known))
    cache.set(key, resourceVersion, value, 'watch');
}

function readingOf({ namespace, name, status }: Jwt): TokenReading {
  const milliseconds = (time: unknown): number | undefined => {
    const seconds = parseTime(time);
    return seconds === undefined ? undefined : seconds * 1000;
  };
  return {
    namespace,
    name,
    expiresAt: milliseconds(status['expiresAt']),
    renewsAt: milliseconds(status['renewsAt']),
    ready: findCondition(status, 'Ready')?.['status'] === 'True',
  };
}
