import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { waitForWebhook } from '../../controlplane/stage.ts';
import { CHART, openHelm } from '../../deploy/helm.ts';
import { PRODUCT_IMAGE } from '../image/product-image.ts';

const CERTS_SCRIPT = join(import.meta.dirname, '../../../certs/make-dev-certs.sh');

/** Namespace, release and Deployment of the product. */
export const PRODUCT = 'jwt-injector';

/** Installs the chart with helm, as a cluster admin does, and waits until two replicas serve and pods are injected. */
export async function installChart(controlPlane: ControlPlane): Promise<void> {
  const { kubectl, folder, adminKubeconfig } = controlPlane;
  const certificates = join(folder, 'webhook-certificates');
  await promisify(execFile)(CERTS_SCRIPT, ['--out', certificates]);
  await kubectl(['create', 'namespace', PRODUCT]);
  const files = ['tls.crt', 'tls.key'].map((name) => `--from-file=${name}=${join(certificates, name)}`);
  await kubectl(['create', 'secret', 'generic', 'jwt-injector-tls', '-n', PRODUCT, ...files]);

  const [repository = '', tag = ''] = PRODUCT_IMAGE.split(':');
  await using helm = await openHelm(adminKubeconfig);
  const values = await helm.valuesFile({
    image: { repository, tag },
    certificate: { mode: 'files', caBundle: await readFile(join(certificates, 'ca.crt'), 'utf8') },
  });
  await helm.run('install', PRODUCT, CHART, '-n', PRODUCT, '-f', values, '--wait', '--timeout=5m');
  await waitForReplicas(controlPlane);
  await waitForWebhook(controlPlane);
}

/** Waits until all replicas of the product are ready. */
export async function waitForReplicas({ kubectl }: ControlPlane): Promise<void> {
  await kubectl(['rollout', 'status', `deployment/${PRODUCT}`, '-n', PRODUCT, '--timeout=5m']);
}
