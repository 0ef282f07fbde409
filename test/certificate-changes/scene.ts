import { setTimeout as sleep } from 'node:timers/promises';
import {
  readTlsSecret,
  tlsSecretObject,
  type OwnTlsSecret,
  type TlsSecretData,
} from '../../src/certificates/tls-secret.ts';
import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { fitManifests, installCrd, renderShipped, type Manifest } from '../controlplane/install.ts';
import { startService, type Service, type ServiceOptions } from '../controlplane/service.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { stringify } from 'yaml';
import { startBalancer } from './balancer.ts';

export const NAMESPACE = 'jwt-injector';
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const SECRET = `${SECRETS}/jwt-injector-tls`;
const KINDS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;
export const CONFIGURATIONS = KINDS.map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}/jwt-injector`,
);

/** Delay after which a Service's endpoints follow a pod's readiness. */
const ENDPOINTS_MS = 500;

/**
 * Replicas of the service behind a balancer, in a cluster whose webhook configurations point to the balancer.
 */
export interface Scene extends AsyncDisposable {
  readonly cluster: Cluster;
  /** Adapts the shipped manifests to this cluster: see `fitManifests`. Does not change `caBundle`. */
  fit(manifests: readonly Manifest[]): readonly Manifest[];
  /**
   * Applies the manifests of a version over the present ones, and does not change `caBundle`. `root` is the
   * folder of its checkout.
   */
  install(root?: string): Promise<void>;
  /**
   * Starts one more replica, which gets connections once it is ready. Without files in `args`, its
   * certificate is self-issued. `version`: another version than the current one.
   */
  startReplica(args?: readonly string[], version?: Version): Promise<Service>;
  /**
   * Removes the replica from the balancer as Kubernetes does: after the signal, not before. Gives its exit
   * code.
   */
  stopReplica(replica: Service): Promise<number | null>;
  stopReplicas(): Promise<void>;
  /** Starts a replica that does not become ready, and gets no connections. */
  startUnready(): Promise<Service>;
  /** The Secret as JSON, `undefined` if it does not exist. */
  readSecret(): Promise<Record<string, unknown> | undefined>;
  readOwnSecret(): Promise<OwnTlsSecret>;
  /** Overwrites the data of the Secret. */
  replaceSecret(data: Partial<TlsSecretData>): Promise<void>;
  deleteSecret(): Promise<void>;
  /** Creates the Secret as another user does who needs the same name. It must not exist. */
  createForeignSecret(pair: { readonly 'tls.crt': string; readonly 'tls.key': string }): Promise<void>;
  /** PEM texts of the `caBundle` of all entries of both configurations. */
  readBundles(): Promise<readonly string[]>;
  /** Changes `caBundle` of all entries: `change` gives the new value for an old one. */
  changeBundles(change: (bundle: string) => string): Promise<void>;
}

/** The program of a version, and the folder of its checkout. */
export interface Version {
  readonly entry: string;
  readonly root: string;
}

/**
 * Installs the shipped manifests without `caBundle`; `root` as for `install`. The caller ends the cluster. If
 * something fails, nothing of the scene is left.
 */
export async function openScene(cluster: Cluster, root?: string): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const balancer = await startBalancer();
  opened.defer(() => balancer.close());
  const fit: Scene['fit'] = (manifests) =>
    fitManifests(manifests, { webhookPort: balancer.port, caBundle: undefined });
  const install: Scene['install'] = async (from) => {
    await installCrd(cluster, from);
    const manifests = fit(await renderShipped(cluster, 'default', from));
    await cluster.apply(manifests.map((manifest) => stringify(manifest)).join('---\n'));
  };
  await install(root);
  const kubeconfig = await cluster.serviceAccountKubeconfig(NAMESPACE, NAMESPACE);
  const replicas = new Set<Service>();
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Record<string, unknown> | undefined> => {
    const answer = await askApi(cluster.access, method, path, body);
    if (answer.status === 404) return undefined;
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as Record<string, unknown>;
  };
  const start = async (
    more: Pick<ServiceOptions, 'staysUnready' | 'entry' | 'cwd'>,
    args: readonly string[],
  ): Promise<Service> => {
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1' }; // so that it drains as in a pod
    const replica = await startService(cluster, {
      args: [`--kubeconfig=${kubeconfig}`, ...args],
      env,
      ...more,
    });
    replicas.add(replica);
    return replica;
  };
  const stopReplica = async (replica: Service): Promise<number | null> => {
    const ended = replica.stop();
    replicas.delete(replica);
    await sleep(ENDPOINTS_MS);
    balancer.targets.delete(replica.webhookPort ?? 0);
    return ended;
  };
  const stopReplicas = async (): Promise<void> => {
    await Promise.all([...replicas].map(stopReplica));
  };
  opened.defer(stopReplicas);
  const running = opened.move();
  return {
    cluster,
    fit,
    install,
    startReplica: async (args = [], version?: Version) => {
      const replica = await start(
        version === undefined ? {} : { entry: version.entry, cwd: version.root },
        args,
      );
      balancer.targets.add(replica.webhookPort ?? 0);
      return replica;
    },
    stopReplica,
    stopReplicas,
    startUnready: () => start({ staysUnready: true }, []),
    readSecret: () => ask('GET', SECRET),
    readOwnSecret: async () => {
      const read = readTlsSecret((await ask('GET', SECRET)) ?? {}, NAMESPACE);
      if (read.kind !== 'own') throw new Error(`the Secret is ${read.kind}`);
      return read;
    },
    replaceSecret: async (data) => {
      const { metadata: _, ...patch } = tlsSecretObject(
        data,
        { namespace: NAMESPACE, name: 'jwt-injector-tls' },
        undefined,
      );
      await ask('PATCH', SECRET, patch);
    },
    deleteSecret: async () => {
      await ask('DELETE', SECRET);
    },
    createForeignSecret: async (pair) => {
      const metadata = { name: 'jwt-injector-tls', namespace: NAMESPACE };
      await ask('POST', SECRETS, { metadata, type: 'kubernetes.io/tls', stringData: pair });
    },
    readBundles: async () => {
      const objects = await Promise.all(CONFIGURATIONS.map((path) => ask('GET', path)));
      return objects.flatMap((object) =>
        entriesOf(object).map(({ clientConfig }) => decode(clientConfig.caBundle)),
      );
    },
    changeBundles: async (change) => {
      for (const path of CONFIGURATIONS) {
        const object = await ask('GET', path);
        for (const { clientConfig } of entriesOf(object))
          clientConfig.caBundle = Buffer.from(change(decode(clientConfig.caBundle))).toString('base64');
        await ask('PUT', path, object);
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Entry {
  readonly name: string;
  readonly clientConfig: { caBundle?: string };
}

function entriesOf(object: Record<string, unknown> | undefined): readonly Entry[] {
  return (object?.['webhooks'] ?? []) as readonly Entry[];
}

function decode(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64').toString();
}

/** Waits until all bundles match. */
export async function waitForBundles(
  scene: Scene,
  what: string,
  fits: (bundle: string) => boolean,
): Promise<void> {
  await waitUntil(`caBundle: ${what}`, 60_000, async () => (await scene.readBundles()).every(fits));
}
