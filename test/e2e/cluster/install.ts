import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { waitForWebhook } from '../../controlplane/stage.ts';
import { CHART, openHelm } from '../../deploy/helm.ts';
import { PRODUCT_IMAGE } from '../image/product-image.ts';

/** Namespace, release and Deployment of the product. */
export const PRODUCT = 'jwt-injector';

/** Installs the chart with helm, as a cluster admin does, and waits until two replicas serve and pods are injected. */
export async function installChart(controlPlane: ControlPlane): Promise<void> {
  const [repository = '', tag = ''] = PRODUCT_IMAGE.split(':');
  await using helm = await openHelm(controlPlane.adminKubeconfig);
  const values = await helm.valuesFile({ image: { repository, tag } });
  await helm.run(
    'install',
    PRODUCT,
    CHART,
    '-n',
    PRODUCT,
    '--create-namespace',
    '-f',
    values,
    '--wait',
    '--timeout=5m',
  );
  await waitForReplicas(controlPlane);
  await waitForWebhook(controlPlane);
}

/** Waits until all replicas of the product are ready. */
export async function waitForReplicas({ kubectl }: ControlPlane): Promise<void> {
  await kubectl(['rollout', 'status', `deployment/${PRODUCT}`, '-n', PRODUCT, '--timeout=5m']);
}
