import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { waitForWebhook } from '../../controlplane/stage.ts';
import { CHART, openHelm, type Values } from '../../deploy/helm.ts';
import { PRODUCT_IMAGE } from '../image/product-image.ts';
import type { TwoNodeCluster } from './two-node-cluster.ts';

/** Namespace, release and Deployment of the product. */
export const PRODUCT = 'jwt-injector';

/**
 * Installs the chart with helm and runs its test, as a cluster admin does, with Pod Security `restricted`.
 * Resolves when two replicas are ready, and pods are injected.
 */
export async function installChart(cluster: TwoNodeCluster): Promise<void> {
  const { controlPlane } = cluster;
  const [repository = '', tag = ''] = PRODUCT_IMAGE.split(':');
  await using helm = await openHelm(controlPlane.adminKubeconfig);
  const values = await helm.valuesFile({ image: { repository, tag } });
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await controlPlane.apply(
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: PRODUCT, labels } }),
  );
  await helm.run('install', PRODUCT, CHART, '-n', PRODUCT, '-f', values, '--wait', '--timeout=5m');
  await waitForReplicas(controlPlane);
  await waitForWebhook(controlPlane);
  await cluster.publishServices();
  await testChart(cluster);
}

/**
 * Runs `helm test`, whose pod calls the webhook by the name of its Service. Throws with the output of the
 * pod.
 */
export async function testChart({ controlPlane }: TwoNodeCluster): Promise<void> {
  await using helm = await openHelm(controlPlane.adminKubeconfig);
  try {
    await helm.run('test', PRODUCT, '-n', PRODUCT, '--timeout=2m');
  } catch (error) {
    const said = await controlPlane.kubectl(['logs', `${PRODUCT}-test`, '-n', PRODUCT], {
      allowFailure: true,
    });
    throw new ControlPlaneError(`${String(error)}\n${said.stdout}`, { cause: error });
  }
}

/** Changes values of the release, as a cluster admin does. Resolves when all replicas run with them. */
export async function upgradeChart({ controlPlane }: TwoNodeCluster, values: Values): Promise<void> {
  await using helm = await openHelm(controlPlane.adminKubeconfig);
  const file = await helm.valuesFile(values);
  const flags = ['--reset-then-reuse-values', '--wait', '--timeout=5m'];
  await helm.run('upgrade', PRODUCT, CHART, '-n', PRODUCT, '-f', file, ...flags);
  await waitForReplicas(controlPlane);
}

/** Waits until all replicas of the product are ready. */
export async function waitForReplicas({ kubectl }: ControlPlane): Promise<void> {
  await kubectl(['rollout', 'status', `deployment/${PRODUCT}`, '-n', PRODUCT, '--timeout=5m']);
}
