import { createClient, type KubeClient } from '../../src/kube/client.ts';
import { loadCluster } from '../../src/kube/connection/cluster.ts';
import { systemClock } from '../../src/time/clock.ts';
import type { Cluster } from '../controlplane/cluster.ts';

/** A KubeClient with the rights of the cluster's administrator, for watches. The caller closes it. */
export function openAdminClient({ adminKubeconfig }: Pick<Cluster, 'adminKubeconfig'>): KubeClient {
  const loaded = loadCluster({ kubeconfig: adminKubeconfig });
  if (!loaded.ok) throw new Error(loaded.problem);
  return createClient(loaded.value, { clock: systemClock, version: 'test' });
}
