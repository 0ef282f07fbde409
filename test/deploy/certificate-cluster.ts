import type { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCertificate, readCertificates } from '../../src/certificates/read-certificates.ts';
import { askApi } from '../controlplane/api-request.ts';
import type { CertificateAuthority } from '../controlplane/certificates.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { markRunning } from '../controlplane/nodes.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { playCertManager } from './cert-manager.ts';
import { takeTurn, type Entry } from './played-pod.ts';

const NAMESPACE = 'jwt-injector';
const OWN_SECRET = 'jwt-injector-tls';
const LOOK_MS = 100;
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const CONFIGURATIONS = ['mutating', 'validating'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/jwt-injector`,
);

/** Does the work of nodes and cert-manager while certificates change. */
export interface CertificateCluster extends AsyncDisposable {
  /** Each time at which a running pod served a certificate that some entry did not trust. */
  readonly distrusted: string[];
  /** Names of the Secrets whose certificate the running pods serve. */
  served(): ReadonlySet<string>;
  /** Certificate authorities by the names of cert-manager's issuers. Tests can add more. */
  readonly authorities: Map<string, CertificateAuthority>;
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly volumes?: readonly { readonly secret?: { readonly secretName: string } }[];
    readonly containers: readonly { readonly args: readonly string[] }[];
  };
  readonly status: { readonly phase: string };
}

interface Secret {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface Configuration {
  readonly webhooks: readonly {
    readonly name: string;
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

/**
 * Does, until disposed, the work of nodes for the pods of jwt-injector, and of cert-manager. While there are
 * pods with a self-issued certificate, a real replica runs.
 */
export async function playCertificateCluster(cluster: Cluster): Promise<CertificateCluster> {
  const certManager = await playCertManager(cluster);
  const distrusted: string[] = [];
  /** The certificate that each pod serves since its start: it sees a changed Secret only later. */
  const mounted = new Map<string, X509Certificate>();
  let served: ReadonlySet<string> = new Set();
  let replica: Promise<Service> | undefined;
  const ask = async <T>(path: string): Promise<T | undefined> => {
    const { status, body } = await askApi(cluster.access, 'GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
    return JSON.parse(body) as T;
  };
  const startReplica = async (): Promise<Service> => {
    const kubeconfig = await cluster.serviceAccountKubeconfig(NAMESPACE, NAMESPACE);
    return startService(cluster, {
      args: [`--kubeconfig=${kubeconfig}`, '--no-controller'],
      staysUnready: true,
    });
  };
  const stopReplica = async (): Promise<void> => {
    const running = replica;
    replica = undefined;
    await (await running)?.stop();
  };
  const list = async <T>(plural: string): Promise<readonly T[]> =>
    (await ask<{ readonly items: readonly T[] }>(`${CORE}/${plural}`))?.items ?? [];
  const readEntries = async (): Promise<readonly Entry[]> => {
    const objects = await Promise.all(CONFIGURATIONS.map((path) => ask<Configuration>(path)));
    return objects
      .flatMap((object) => object?.webhooks ?? [])
      .map(({ name, clientConfig }) => ({
        name,
        authorities: readCertificates(decode(clientConfig.caBundle)),
      }));
  };

  async function runPods(): Promise<void> {
    const pods = await list<Pod>('pods');
    if (pods.some((pod) => secretOf(pod) === OWN_SECRET)) replica ??= startReplica();
    else await stopReplica();
    const secrets = await list<Secret>('secrets');
    const leaves = new Map(
      secrets.map(({ metadata, data }) => [metadata.name, readCertificate(decode(data?.['tls.crt']))]),
    );
    const entries = await readEntries(); // after the Secrets: what is served must be trusted before it is
    const running = new Set<string>();
    for (const pod of pods) {
      const { name } = pod.metadata;
      const secret = secretOf(pod);
      const stored = leaves.get(secret);
      const isSelfIssued = secret === OWN_SECRET;
      const isRunning = pod.status.phase === 'Running';
      const turn = takeTurn({ isRunning, isSelfIssued, stored, mounted: mounted.get(name) }, entries);
      if (turn.does === 'serve') {
        running.add(secret);
        if (turn.distrustedBy !== undefined && (await ask(`${CORE}/pods/${name}`)) !== undefined)
          distrusted.push(`${name} serves with ${secret}: ${turn.distrustedBy} does not trust it`);
      } else if (turn.does === 'start') {
        if (!isSelfIssued && stored !== undefined) mounted.set(name, stored);
        await markRunning(cluster, NAMESPACE, name).catch(ifGone);
      }
    }
    served = running;
  }

  const state = { isOver: false };
  const loop = async (): Promise<void> => {
    while (!state.isOver) {
      await certManager.look();
      await runPods();
      await sleep(LOOK_MS);
    }
  };
  const running = loop();
  running.catch(() => undefined); // the error is thrown by dispose
  return {
    distrusted,
    served: () => served,
    authorities: certManager.authorities,
    [Symbol.asyncDispose]: async () => {
      state.isOver = true;
      try {
        await running;
      } finally {
        await stopReplica();
      }
    },
  };
}

function secretOf({ spec }: Pod): string {
  return spec.volumes?.find(({ secret }) => secret !== undefined)?.secret?.secretName ?? OWN_SECRET;
}

function decode(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64').toString();
}

/** Ignores that a pod ended between two reads. */
function ifGone(error: unknown): void {
  if (!String(error).includes('NotFound')) throw error;
}
