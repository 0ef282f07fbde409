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

/** The folder, in that of the cluster, with the webhook's certificate and its authority, `ca.crt`. */
export const WEBHOOK_CERTIFICATES = 'webhook-certificates';

const CERTS_SCRIPT = join(import.meta.dirname, '../../certs/make-dev-certs.sh');

/**
 * A cluster with the shipped manifests, and jwt-injector running beside it, for the demo, tests and
 * benchmarks.
 */
export interface Stage<C extends Cluster = ControlPlane> extends AsyncDisposable {
  readonly cluster: C;
  /** The service that runs now. A restart replaces it. */
  service(): Service;
  /**
   * Starts one more service, or the next one after the last was stopped, with the same port, certificate and
   * identity.
   */
  startService(options?: StartOptions): Promise<Service>;
  /** Flags that all services of this stage get: identity and certificate. */
  readonly serviceArgs: readonly string[];
  /** The port to which the webhook configurations point. */
  readonly webhookPort: number;
  /** Stops the service, and the cluster if it was started for this stage. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly entry?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly memory?: MemoryLimit;
}

/** What was installed in a cluster, and the settings of a service that fits it. */
export interface Installation {
  readonly webhookPort: number;
  readonly serviceArgs: readonly string[];
  /** PEM text of the certificate authority in the webhook configurations. */
  readonly caBundle: string;
  /** YAML text of all installed objects, for tests that delete some and apply them again. */
  readonly manifests: string;
}

export interface StageOptions extends ControlPlaneOptions, StartOptions {
  /** Install everything, but start no service: benchmarks start their own. */
  readonly withoutService?: boolean;
}

/**
 * Starts a control plane with a stage on it, and waits until a dry-run pod shows that the webhook is in
 * effect.
 */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const { args, entry, cwd, env, memory, withoutService = false, ...controlPlaneOptions } = options;
  const start: StartOptions = {
    ...(args === undefined ? {} : { args }),
    ...(entry === undefined ? {} : { entry }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(memory === undefined ? {} : { memory }),
  };
  const { startControlPlane } = await import('./control-plane.ts'); // it loads a library for certificates, which takes a tenth of a second
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

/**
 * Installs the shipped manifests of this checkout, or of the one at `root`, with a certificate of our own and
 * the identity of the service.
 */
export async function installProduct(cluster: Cluster, root?: string): Promise<Installation> {
  const webhookPort = await findFreePort();
  const certificates = join(cluster.folder, WEBHOOK_CERTIFICATES);
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

/** A stage without a running service. `endCluster` is called at its end. */
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

/** Starts the service of the stage and waits until the API server sends pods to it. */
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

/**
 * A webhook configuration is in effect about a second after it was written. Until then pods are created
 * without it.
 */
export async function waitForWebhook(cluster: Cluster): Promise<void> {
  await waitUntil('the webhook changes an annotated pod', 60_000, async () => {
    const path = '/api/v1/namespaces/default/pods?dryRun=All';
    const answer = await askApi(cluster.access, 'POST', path, PROBE).catch(() => undefined);
    return answer?.body.includes('BEARER_TOKEN_FILE') === true;
  });
}
