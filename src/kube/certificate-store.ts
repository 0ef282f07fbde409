import {
  patchBundles,
  readConfiguration,
  type BundleChange,
  type ConfigurationKind,
  type WebhookConfiguration,
} from '../certificates/webhook-configuration.ts';
import {
  readTlsSecret,
  tlsSecretObject,
  type TlsSecret,
  type TlsSecretData,
} from '../certificates/tls-secret.ts';
import type { JsonObject } from '../resources/json.ts';
import { APP } from '../resources/names.ts';
import { objectKey } from '../resources/object-key.ts';
import type { WatchReading } from '../telemetry/state-gauges.ts';
import type { Clock } from '../time/clock.ts';
import { Cache } from './watch/cache.ts';
import type { KubeClient } from './client.ts';
import { startListWatch, type ListWatch } from './watch/list-watch.ts';
import type { Log } from './log.ts';
import { resourcePath, type Resource } from './resource-path.ts';
import { SECRETS } from './known-resources.ts';
import { KubeError } from './errors.ts';
import { classifyFailure } from './classify-failure.ts';
import { identify } from './object-identity.ts';

/** The API group's configurations of webhooks; they have no namespace. */
const CONFIGURATION_RESOURCES: Readonly<Record<ConfigurationKind, Resource>> = {
  mutating: configurationResource('mutatingwebhookconfigurations'),
  validating: configurationResource('validatingwebhookconfigurations'),
};

interface CertificateStoreOptions {
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
export function watchCertificateStore(options: CertificateStoreOptions) {
  const caches: CertificateCaches = {
    secrets: new Cache(),
    configurations: { mutating: new Cache(), validating: new Cache() },
  };
  return { ...readsOf(options, caches), ...writesOf(options, caches) };
}

/** The caches of the watched objects. */
interface CertificateCaches {
  readonly secrets: Cache<TlsSecret>;
  readonly configurations: Readonly<Record<ConfigurationKind, Cache<WebhookConfiguration>>>;
}

/** Starts the watches. */
function readsOf(
  { client, clock, log, namespace, name }: CertificateStoreOptions,
  { secrets, configurations }: CertificateCaches,
) {
  const shared = { client, clock, log };
  const secretWatch = startListWatch({
    ...shared,
    path: resourcePath(SECRETS, { namespace }),
    query: { fieldSelector: `metadata.name=${name}` },
    transform: (object) => readTlsSecret(object, namespace),
    store: secrets,
  });
  const watchKind = (kind: ConfigurationKind): ListWatch =>
    startListWatch({
      ...shared,
      path: resourcePath(CONFIGURATION_RESOURCES[kind]),
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
      secretWatch.isSynced()
        ? (secrets.get(objectKey({ namespace, name })) ?? { kind: 'absent' })
        : undefined,
    /** The configurations that exist; `undefined` until that is known of both kinds. */
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

function writesOf(
  { client, namespace, name }: CertificateStoreOptions,
  { secrets, configurations }: CertificateCaches,
) {
  return {
    /** Creates the Secret, or changes the state of that resourceVersion; false if that is not there any more. */
    writeSecret: (data: Partial<TlsSecretData>, replacedVersion: string | undefined): Promise<boolean> => {
      const body = tlsSecretObject(data, { namespace, name }, replacedVersion);
      return writeAndRemember(
        () =>
          replacedVersion === undefined
            ? client.create(resourcePath(SECRETS, { namespace }), body)
            : client.mergePatch(resourcePath(SECRETS, { namespace, name }), body),
        (key, version, stored) => secrets.remember(key, version, readTlsSecret(stored, namespace)),
      );
    },
    /** Changes exactly the state that was seen; false if it is not there any more. */
    writeBundles: (seen: WebhookConfiguration, changes: readonly BundleChange[]): Promise<boolean> =>
      writeAndRemember(
        () =>
          client.jsonPatch(
            resourcePath(CONFIGURATION_RESOURCES[seen.kind], { name: APP }),
            patchBundles(seen, changes),
          ),
        (key, version, stored) =>
          configurations[seen.kind].remember(key, version, readConfiguration(stored, seen.kind)),
      ),
  };
}

/** Waits for no echo of the watch: the next look sees what was written. False if what was to be changed is not there. */
async function writeAndRemember(
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
    const isCreation = error instanceof KubeError && error.verb === 'create'; // only its namespace can be absent
    if (meaning === 'stale' || (meaning === 'absent' && !isCreation)) return false;
    throw error;
  }
}

function configurationResource(plural: string): Resource {
  return { group: 'admissionregistration.k8s.io', version: 'v1', plural };
}
