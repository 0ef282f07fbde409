import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from '../runs/execute.ts';
import { askApi } from './api-request.ts';
import type { Cluster } from './cluster.ts';
import type { ControlPlane, ControlPlaneOptions } from './control-plane.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { findFreePort } from './free-port.ts';
import { installShipped } from './install.ts';
import type { MemoryLimit } from './memory-limit.ts';
import { startService, type Service } from './service.ts';
import { waitUntil } from './wait-until.ts';

const CERTS_SCRIPT = join(import.meta.dirname, '../../certs/make-dev-certs.sh');

/** A cluster with the shipped manifests, and jwt-injector running beside it: where demo, tests and benchmarks play. */
export interface Stage<C extends Cluster = ControlPlane> extends AsyncDisposable {
  readonly cluster: C;
  /** The service that runs now; restarts replace it. */
  service(): Service;
  /** Starts one more, or the next after the last was stopped, with the same port, certificate and identity. */
  startService(options?: StartOptions): Promise<Service>;
  /** Flags that every service of this stage gets: identity and certificate. */
  readonly serviceArgs: readonly string[];
  /** Where the webhook configurations expect the service. */
  readonly webhookPort: number;
  /** Ends the service, and the cluster if it was started for this stage. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly entry?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly memory?: MemoryLimit;
}

/** What was installed in a cluster, and what a service needs to be the one that was installed. */
export interface Installation {
  readonly webhookPort: number;
  readonly serviceArgs: readonly string[];
  /** PEM text of the authority that the webhook configurations trust. */
  readonly caBundle: string;
  /** YAML text of all of it, to be applied again by those who took something away. */
  readonly manifests: string;
}

export interface StageOptions extends ControlPlaneOptions, StartOptions {
  /** All is installed, but no service is started: benchmarks start their own. */
  readonly withoutService?: boolean;
}

/** Sets the stage on a control plane of its own, and waits until a dry-run pod shows that the webhook is in effect. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const { args, entry, cwd, env, memory, withoutService = false, ...controlPlaneOptions } = options;
  const start: StartOptions = {
    ...(args === undefined ? {} : { args }),
    ...(entry === undefined ? {} : { entry }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(memory === undefined ? {} : { memory }),
  };
  const { startControlPlane } = await import('./control-plane.ts'); // makes certificates, with what takes a tenth of a second to load
  const cluster = await startControlPlane(controlPlaneOptions);
  try {
    const stage = openStage(cluster, await installProduct(cluster), () => cluster.stop());
    if (!withoutService) await raiseCurtain(stage, start);
    return stage;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Installs the shipped manifests of this checkout, or of that at `root`, with a certificate of our own and the identity that the service runs under. */
export async function installProduct(cluster: Cluster, root?: string): Promise<Installation> {
  const webhookPort = await findFreePort();
  const certificates = join(cluster.folder, 'webhook-certificates');
  await makeCertificates(certificates);
  const caBundle = await readFile(join(certificates, 'ca.crt'), 'utf8');
  const manifests = await installShipped(cluster, { webhookPort, caBundle }, root);
  const kubeconfig = await cluster.serviceAccountKubeconfig('jwt-injector', 'jwt-injector');
  const serviceArgs = [
    `--kubeconfig=${kubeconfig}`,
    `--tls-cert-file=${join(certificates, 'tls.crt')}`,
    `--tls-key-file=${join(certificates, 'tls.key')}`,
  ];
  return { webhookPort, serviceArgs, manifests, caBundle };
}

/** A stage without a service as yet; `endCluster` is called at its end. */
export function openStage<C extends Cluster>(
  cluster: C,
  { webhookPort, serviceArgs }: Installation,
  endCluster: () => Promise<void>,
): Stage<C> {
  let current: Service | undefined;
  const stop = async (): Promise<void> => {
    await current?.stop();
    await endCluster();
  };
  return {
    cluster,
    service: () => {
      if (current === undefined) throw new Error('no service was started');
      return current;
    },
    startService: async ({ args = [], ...rest } = {}) => {
      current = await startService(cluster, { args: [...serviceArgs, ...args], webhookPort, ...rest });
      return current;
    },
    serviceArgs,
    webhookPort,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Starts the stage's service and waits until the API server sends it pods. */
export async function raiseCurtain(stage: Stage<Cluster>, start: StartOptions = {}): Promise<void> {
  await stage.startService(start);
  await waitForWebhook(stage.cluster);
}

async function makeCertificates(folder: string): Promise<void> {
  try {
    await execute(CERTS_SCRIPT, ['--out', folder, '--ip', '127.0.0.1']);
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new ControlPlaneError(words);
  }
}

const PROBE = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'probe', namespace: 'default', annotations: { 'tokens.osg-htc.org/token': 'probe' } },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
};

/** A webhook configuration takes effect about a second after it was written; until then pods pass by. */
export async function waitForWebhook(cluster: Cluster): Promise<void> {
  await waitUntil('the webhook changes an annotated pod', 30_000, async () => {
    const path = '/api/v1/namespaces/default/pods?dryRun=All';
    const answer = await askApi(cluster.access, 'POST', path, PROBE).catch(() => undefined);
    return answer?.body.includes('BEARER_TOKEN_FILE') === true;
  });
}
