import type { Cluster } from '../controlplane/cluster.ts';

/** A Secret whose key `token` is mounted in a directory. */
export interface Mounted {
  readonly secret: string;
  /** `subPath` of the mount, if any. */
  readonly subPath?: string;
}

/** Creates a node without a kubelet: pods can be bound to it. */
export async function makeNode(cluster: Cluster, name: string): Promise<void> {
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } }));
  const room = { cpu: '8', memory: '8Gi', pods: '100' };
  const patch = JSON.stringify({ status: { capacity: room, allocatable: room } });
  await cluster.kubectl(['patch', 'node', name, '--subresource=status', '--type=merge', '-p', patch]);
}

/** A pod as JSON text that is on the node and mounts these Secrets. */
export function podOnNode(
  place: { readonly namespace: string; readonly name: string },
  node: string,
  mounted: readonly Mounted[],
): string {
  const names = mounted.map((_, index) => `token-${index}`);
  const volumes = mounted.map(({ secret }, index) => ({
    name: names[index],
    secret: { secretName: secret },
  }));
  const volumeMounts = mounted.map(({ secret, subPath }, index) => ({
    name: names[index],
    mountPath: `/run/${secret}`,
    ...(subPath === undefined ? {} : { subPath }),
  }));
  const containers = [{ name: 'main', image: 'busybox', volumeMounts }];
  const spec = { nodeName: node, volumes, containers };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: place, spec });
}
