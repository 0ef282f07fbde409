import type { Cluster } from './cluster.ts';

/** Sets the status of a pod as a kubelet would: running and ready. So its Deployment becomes available. */
export async function markRunning(
  controlPlane: Pick<Cluster, 'kubectl'>,
  namespace: string,
  podName: string,
): Promise<void> {
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'];
  const status = { phase: 'Running', conditions: conditions.map((type) => ({ type, status: 'True' })) };
  const patch = JSON.stringify({ status });
  const where = ['pod', podName, `--namespace=${namespace}`, '--subresource=status'];
  await controlPlane.kubectl(['patch', ...where, '--type=strategic', `--patch=${patch}`]);
}
