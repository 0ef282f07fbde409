/** Where the cluster is in its own network (see machine/world.sh, which makes it). */
export const API_ADDRESS = '10.240.0.1';

/** What names of Services end with, for those who write them in full. */
export const CLUSTER_DOMAIN = 'cluster.local';

/** ClusterIP of Service `kubernetes`: the first of `--service-cluster-ip-range`. */
export const API_CLUSTER_IP = '10.0.0.1';

/** Nodes, pods and Services have an address of each family. A Service that does not ask gets one of the first family, IPv4. */
export const POD_NETWORKS = { ipv4: '10.240.0.0/16', ipv6: 'fd00:240::/64' } as const;
export const SERVICE_NETWORKS = { ipv4: '10.0.0.0/24', ipv6: 'fd00:10::/112' } as const;

/** A node: its pods get addresses from 10.240.`index`.10 and fd00:240::`index`:10 on. */
export interface NodePlace {
  readonly name: string;
  readonly index: number;
  /** Of both families. */
  readonly addresses: readonly [ipv4: string, ipv6: string];
}

export const NODES: readonly NodePlace[] = [
  { name: 'node-a', index: 1, addresses: ['10.240.0.11', 'fd00:240::11'] },
  { name: 'node-b', index: 2, addresses: ['10.240.0.12', 'fd00:240::12'] },
];
