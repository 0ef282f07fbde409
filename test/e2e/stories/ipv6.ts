import assert from 'node:assert/strict';
import { isIP, isIPv6 } from 'node:net';
import { stringify } from 'yaml';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { waitForWebhook } from '../../controlplane/stage.ts';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { PROCESS_KILLED, restart } from '../churn/disturbances.ts';
import { listAddresses, listReplicas } from '../churn/processes.ts';
import { PRODUCT } from '../cluster/install.ts';
import { churnDuring } from './churn.ts';
import { makeScienceNamespace } from './science-namespace.ts';
import type { Story } from './story.ts';

const NAMESPACE = 'ipv6';
/** Pods that end keep their connections for some seconds. */
const SWITCHED_WITHIN_MS = 60_000;

/** Pods have an address of each family, and the API server reaches the product by IPv6 only. */
export const IPV6: Story = {
  name: 'ipv6',
  async play(scene) {
    const { controlPlane } = scene.cluster;
    await makeScienceNamespace(controlPlane, NAMESPACE, 'baseline');
    for (const { pod, addresses, pid, fallbackPid } of await listReplicas(controlPlane)) {
      assert.deepEqual(addresses.map(isIP), [4, 6], `${pod} has ${addresses.join()}`);
      assert.deepEqual(new Set(await listAddresses(pid, 'listening')), new Set(addresses), pod);
      assert.deepEqual(new Set(await listAddresses(fallbackPid, 'listening')), new Set(['::']), pod);
    }
    scene.log(
      'the first container listens at both addresses of its pod, and the fallback webhook at every address',
    );

    await replaceService(controlPlane, ['IPv6']);
    await restart(controlPlane); // otherwise connections to the other address would still be used
    await waitUntil('the API server to use connections of IPv6 alone', SWITCHED_WITHIN_MS, async () => {
      await waitForWebhook(controlPlane);
      const [called] = await listReplicas(controlPlane);
      const used = called === undefined ? [] : await listAddresses(called.pid, 'established');
      return used.length > 0 && used.every(isIPv6);
    });
    const name = `${PROCESS_KILLED.name}, with a Service of IPv6 alone`;
    let wrong: readonly string[];
    try {
      wrong = await churnDuring(scene, { ...PROCESS_KILLED, name }, NAMESPACE);
    } finally {
      await replaceService(controlPlane, ['IPv4']);
      await scene.cluster.publishServices(); // it has another ClusterIP
    }
    if (wrong.length > 0) throw new ControlPlaneError(wrong.join('\n'));
  },
};

/** Replaces the Service by one of the other family; resolves when pods are injected through it. */
async function replaceService(controlPlane: ControlPlane, ipFamilies: readonly string[]): Promise<void> {
  const place = ['service', PRODUCT, '-n', PRODUCT];
  const { metadata, spec }: Service = JSON.parse(
    (await controlPlane.kubectl(['get', ...place, '-o', 'json'])).stdout,
  );
  const { name, namespace, labels, annotations } = metadata;
  const { selector, ports } = spec;
  await controlPlane.kubectl(['delete', ...place]);
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels, annotations },
    spec: { selector, ports, ipFamilies, ipFamilyPolicy: 'SingleStack' },
  };
  await controlPlane.apply(stringify(service));
  await waitForWebhook(controlPlane);
}

interface Service {
  readonly metadata: Readonly<Record<'name' | 'namespace' | 'labels' | 'annotations', unknown>>;
  readonly spec: Readonly<Record<'selector' | 'ports', unknown>>;
}
