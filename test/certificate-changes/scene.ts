import { setTimeout as sleep } from 'node:timers/promises';
import {
  readTlsSecret,
  writeTlsSecret,
  type OwnTlsSecret,
  type TlsSecretData,
} from '../../src/certificates/tls-secret.ts';
import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { fitManifests, installCrd, renderShipped } from '../controlplane/install.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { stringify } from 'yaml';
import { startBalancer, type Balancer } from './balancer.ts';

export const NAMESPACE = 'jwt-injector';
const SECRET = `/api/v1/namespaces/${NAMESPACE}/secrets/jwt-injector-tls`;
const KINDS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;
export const CONFIGURATIONS = KINDS.map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}/jwt-injector`,
);

/** A Service's endpoints follow a pod's readiness with some delay. */
const ENDPOINTS_MS = 500;

/** Replicas of the service behind a balancer, in a cluster whose webhook configurations point to it. */
export interface Scene {
  readonly cluster: Cluster;
  /** Starts one more; it gets connections once it is ready. Without files of its own, its certificate is self-issued. */
  startReplica(args?: readonly string[]): Promise<Service>;
  /** Takes it out of the balancer as Kubernetes does, after the signal and not before it; gives its exit code. */
  stopReplica(replica: Service): Promise<number | null>;
  /** The wire Secret, `undefined` if there is none. */
  readSecret(): Promise<Record<string, unknown> | undefined>;
  readOwnSecret(): Promise<OwnTlsSecret>;
  /** Writes over what is there. */
  replaceSecret(data: Partial<TlsSecretData>): Promise<void>;
  deleteSecret(): Promise<void>;
  /** PEM texts of all entries of both configurations. */
  readBundles(): Promise<readonly string[]>;
  /** Changes `caBundle` of all entries, by what `change` makes of each. */
  changeBundles(change: (bundle: string) => string): Promise<void>;
  stop(): Promise<void>;
}

/** Installs what is shipped, without `caBundle`. The cluster stays the caller's. */
export async function openScene(cluster: Cluster): Promise<Scene> {
  const balancer = await startBalancer();
  await installCrd(cluster);
  const manifests = fitManifests(await renderShipped(cluster, 'default'), {
    webhookPort: balancer.port,
    caBundle: undefined,
  });
  await cluster.apply(manifests.map((manifest) => stringify(manifest)).join('---\n'));
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
  return {
    cluster,
    startReplica: async (args = []) => {
      const replica = await startService(cluster, {
        args: [`--kubeconfig=${kubeconfig}`, ...args],
        env: { KUBERNETES_SERVICE_HOST: '127.0.0.1' }, // drains as in a pod
      });
      replicas.add(replica);
      balancer.targets.add(replica.webhookPort ?? 0);
      return replica;
    },
    stopReplica: async (replica) => {
      const ended = replica.stop();
      replicas.delete(replica);
      await leave(balancer, replica);
      return ended;
    },
    readSecret: () => ask('GET', SECRET),
    readOwnSecret: async () => {
      const read = readTlsSecret((await ask('GET', SECRET)) ?? {}, NAMESPACE);
      if (read.kind !== 'own') throw new Error(`the Secret is ${read.kind}`);
      return read;
    },
    replaceSecret: async (data) => {
      const { metadata: _, ...patch } = writeTlsSecret(
        data,
        { namespace: NAMESPACE, name: 'jwt-injector-tls' },
        undefined,
      );
      await ask('PATCH', SECRET, patch);
    },
    deleteSecret: async () => {
      await ask('DELETE', SECRET);
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
    stop: async () => {
      await Promise.all([...replicas].map((replica) => replica.stop()));
      await balancer.close();
    },
  };
}

async function leave(balancer: Balancer, replica: Service): Promise<void> {
  await sleep(ENDPOINTS_MS);
  balancer.targets.delete(replica.webhookPort ?? 0);
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

/** Waits until all bundles fit. */
export async function waitForBundles(
  scene: Scene,
  what: string,
  fits: (bundle: string) => boolean,
): Promise<void> {
  await waitUntil(`caBundle: ${what}`, 60_000, async () => (await scene.readBundles()).every(fits));
}
