import {
  patchBundles,
  readConfiguration,
  type BundleChange,
  type ConfigurationKind,
  type WebhookConfiguration,
} from '../certificates/webhook-configuration.ts';
import {
  readTlsSecret,
  writeTlsSecret,
  type TlsSecret,
  type TlsSecretData,
} from '../certificates/tls-secret.ts';
import type { JsonObject } from '../resources/json.ts';
import { APP } from '../resources/names.ts';
import type { WatchReading } from '../telemetry/state-gauges.ts';
import type { Clock } from '../time/clock.ts';
import { Cache } from './cache.ts';
import type { KubeClient } from './client.ts';
import { startListWatch, type ListWatch } from './list-watch.ts';
import type { Log } from './log.ts';
import { resourcePath, type Resource } from './resource-path.ts';
import { SECRETS } from './known-resources.ts';
import { classifyFailure } from './classify-failure.ts';
import { identify } from './object-identity.ts';

/** The API group's configurations of webhooks; they have no namespace. */
const CONFIGURATIONS: Readonly<Record<ConfigurationKind, Resource>> = {
  mutating: configurationResource('mutatingwebhookconfigurations'),
  validating: configurationResource('validatingwebhookconfigurations'),
};

/** Where the Secret is, and how to reach it. */
export interface CertificateStoreOptions {
  readonly client: Pick<KubeClient, 'create' | 'mergePatch' | 'jsonPatch' | 'listMapped' | 'watch'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly namespace: string;
  readonly name: string;
}

/**
 * The Secret of the certificate and our webhook configurations, each watched by its name alone from now on. What writes throw
 * are KubeErrors.
 */
export function watchCertificateStore({ client, clock, log, namespace, name }: CertificateStoreOptions) {
  const secretKey = `${namespace}/${name}`;
  const secrets = new Cache<TlsSecret>();
  const configurations = {
    mutating: new Cache<WebhookConfiguration>(),
    validating: new Cache<WebhookConfiguration>(),
  };
  const keepSecret = (object: JsonObject): TlsSecret => readTlsSecret(object, namespace);
  const secretWatch = startListWatch({
    client,
    clock,
    log,
    path: resourcePath(SECRETS, { namespace }),
    query: { fieldSelector: `metadata.name=${name}` },
    transform: keepSecret,
    store: secrets,
  });
  const watchKind = (kind: ConfigurationKind): ListWatch =>
    startListWatch({
      client,
      clock,
      log,
      path: resourcePath(CONFIGURATIONS[kind]),
      query: { fieldSelector: `metadata.name=${APP}` },
      transform: (object) => readConfiguration(object, kind),
      store: configurations[kind],
    });
  const configurationWatches = [watchKind('mutating'), watchKind('validating')];
  const watches = [secretWatch, ...configurationWatches];
  const isSynced = (): boolean => watches.every((watch) => watch.isSynced());

  return {
    /** `undefined` until it is known whether it exists. */
    secret: (): TlsSecret | undefined =>
      secretWatch.isSynced() ? (secrets.get(secretKey) ?? { kind: 'absent' }) : undefined,
    /** Those that exist; `undefined` until that is known of both kinds. */
    configurations: (): readonly WebhookConfiguration[] | undefined =>
      isSynced() ? [...configurations.mutating.values(), ...configurations.validating.values()] : undefined,
    /** Why one of them could not be listed yet, in a word of the API server. */
    problem: (): string | undefined =>
      watches.map((watch) => watch.problem()).find((problem) => problem !== undefined),
    /** `listener` only takes note. It is called after each change, and once all was listed. */
    subscribe: (listener: () => void): void => {
      for (const cache of [secrets, configurations.mutating, configurations.validating])
        cache.subscribe(listener);
      void Promise.all(watches.map(({ synced }) => synced)).then(listener);
    },
    /** Creates the Secret, or changes the state of that resourceVersion; false if that is not there any more. */
    writeSecret: (data: Partial<TlsSecretData>, replacedVersion: string | undefined): Promise<boolean> => {
      const body = writeTlsSecret(data, { namespace, name }, replacedVersion);
      return attempt(
        () =>
          replacedVersion === undefined
            ? client.create(resourcePath(SECRETS, { namespace }), body)
            : client.mergePatch(resourcePath(SECRETS, { namespace, name }), body),
        (key, version, stored) => secrets.remember(key, version, keepSecret(stored)),
      );
    },
    /** Changes exactly the state that was seen; false if it is not there any more. */
    writeBundles: (seen: WebhookConfiguration, changes: readonly BundleChange[]): Promise<boolean> =>
      attempt(
        () =>
          client.jsonPatch(
            resourcePath(CONFIGURATIONS[seen.kind], { name: APP }),
            patchBundles(seen, changes),
          ),
        (key, version, stored) =>
          configurations[seen.kind].remember(key, version, readConfiguration(stored, seen.kind)),
      ),
    watches: (): readonly WatchReading[] => [
      { resource: 'certificate', lastEventAt: secretWatch.lastEventAt() },
      ...configurationWatches.map((watch) => ({
        resource: 'webhook-configurations',
        lastEventAt: watch.lastEventAt(),
      })),
    ],
    stop: async (): Promise<void> => {
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };
}

/** Waits for no echo of the watch: the next look sees what was written. False if what was to be changed is not there. */
async function attempt(
  write: () => Promise<JsonObject>,
  remember: (key: string, resourceVersion: string, stored: JsonObject) => void,
): Promise<boolean> {
  try {
    const stored = await write();
    const { key, resourceVersion } = identify(stored);
    remember(key, resourceVersion, stored);
    return true;
  } catch (error) {
    const meaning = classifyFailure(error)?.meaning;
    if (meaning === 'stale' || meaning === 'absent') return false;
    throw error;
  }
}

function configurationResource(plural: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', plural };
}
