import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import type { Cluster } from '../controlplane/cluster.ts';
import { readObjects, renderOverlay } from './rendered.ts';

/** The component that gives the service the right to nudge pods. */
export const DELIVERY_COMPONENT = 'components/prompt-delivery';

/** Gives the installed ServiceAccount the rights for prompt delivery, with the policy that limits them. */
export async function installDeliveryRights(cluster: Cluster): Promise<void> {
  const all = readObjects(await renderOverlay({ resources: ['default'], components: [DELIVERY_COMPONENT] }));
  const rights = all.filter(
    ({ kind, metadata }) =>
      kind.startsWith('ValidatingAdmissionPolicy') ||
      (kind === 'ClusterRole' && metadata.name === 'jwt-injector'),
  );
  assert.equal(rights.length, 3);
  await cluster.apply(rights.map((object) => stringify(object)).join('---\n'));
}
