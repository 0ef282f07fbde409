/** Where the cluster is in its own network (see machine/world.sh, which makes it). */
export const API_ADDRESS = '10.240.0.1';

/** What names of Services end with, for those who write them in full. */
export const CLUSTER_DOMAIN = 'cluster.local';

/** ClusterIP of Service `kubernetes`: the first of `--service-cluster-ip-range`. */
export const API_CLUSTER_IP = '10.0.0.1';

/** A node: its pods get addresses from 10.240.`index`.10 on. */
export interface NodePlace {
  readonly name: string;
  readonly index: number;
  readonly address: string;
}

export const NODES: readonly NodePlace[] = [
  { name: 'node-a', index: 1, address: '10.240.0.11' },
  { name: 'node-b', index: 2, address: '10.240.0.12' },
];
