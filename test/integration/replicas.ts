import type { Cluster } from '../controlplane/cluster.ts';
import { renderShipped } from '../controlplane/install.ts';
import { markRunning } from '../controlplane/nodes.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { PACKAGE_VERSION } from '../../src/package-version.ts';
import type { Loose } from './objects.ts';

const OWN = ['-n', 'jwt-injector'];

/**
 * Creates the shipped Deployment, with the certificate of the stage in a Secret. Its pods run on no node;
 * they are marked as ready.
 */
export async function runReplicas({ cluster, serviceArgs }: Stage<Cluster>): Promise<void> {
  const file = (name: string): string =>
    serviceArgs.find((arg) => arg.startsWith(`--tls-${name}-file=`))?.split('=')[1] ?? '';
  const pair = [`--cert=${file('cert')}`, `--key=${file('key')}`];
  await cluster.kubectl(['delete', 'secret', 'jwt-injector-tls', ...OWN]); // of another type, and empty
  await cluster.kubectl(['create', 'secret', 'tls', 'jwt-injector-tls', ...OWN, ...pair]);
  const deployment: Loose = (await renderShipped(cluster, 'default')).find(
    ({ kind }) => kind === 'Deployment',
  );
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;
  container.image = `jwt-injector:${PACKAGE_VERSION}`;
  container.args.push('--tls-cert-file=/etc/jwt-injector/tls/tls.crt');
  spec.volumes = [{ name: 'tls', secret: { secretName: 'jwt-injector-tls' } }];
  await cluster.apply(JSON.stringify(deployment));
  const pods = await waitUntil('the Deployment has two pods', 60_000, async () => {
    const names = await cluster.kubectl([
      'get',
      'pods',
      ...OWN,
      '-l',
      'app.kubernetes.io/name=jwt-injector',
      '-o',
      'name',
    ]);
    const found = names.stdout.split('\n').filter((name) => name !== '');
    return found.length === 2 && found;
  });
  for (const pod of pods) await markRunning(cluster, 'jwt-injector', pod.replace('pod/', ''));
  await cluster.apply(JSON.stringify(SLICE));
}

/**
 * Kubernetes creates no EndpointSlice for pods without a node. The address is one for documentation (RFC
 * 5737): nothing answers there.
 */
const SLICE = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'jwt-injector-by-hand',
    namespace: 'jwt-injector',
    labels: { 'kubernetes.io/service-name': 'jwt-injector' },
  },
  addressType: 'IPv4',
  ports: [{ name: 'webhook', port: 8443 }],
  endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true } }],
};
