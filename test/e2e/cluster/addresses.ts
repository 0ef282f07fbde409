/** Address of the control plane in its own network (see machine/world.sh, which makes it). */
export const API_ADDRESS = '10.240.0.1';

/** The domain at the end of the full names of Services. */
export const CLUSTER_DOMAIN = 'cluster.local';

/** ClusterIP of Service `kubernetes`: the first one of `--service-cluster-ip-range`. */
export const API_CLUSTER_IP = '10.0.0.1';

/**
 * Networks of all nodes and pods. They and Services have an address of each family. By default a Service gets
 * one of the first family, IPv4.
 */
export const POD_NETWORKS = { ipv4: '10.240.0.0/16', ipv6: 'fd00:240::/64' } as const;
export const SERVICE_NETWORKS = { ipv4: '10.0.0.0/24', ipv6: 'fd00:10::/112' } as const;

/** The network of a node, with the path of its network namespace. */
export interface NodePlace {
  readonly name: string;
  readonly network: string;
  /** Addresses of both families. */
  readonly addresses: readonly [ipv4: string, ipv6: string];
  /** Address ranges of its pods. */
  readonly pods: readonly [ipv4: PodRange, ipv6: PodRange];
}

/** A part of `POD_NETWORKS`, and the gateway of its pods. */
export interface PodRange {
  readonly subnet: string;
  readonly gateway: string;
  /** The first and the last address of the pods. */
  readonly range: readonly [first: string, last: string];
}

export const NODES: readonly NodePlace[] = [placeNode('node-a', 1), placeNode('node-b', 2)];

function placeNode(name: string, index: number): NodePlace {
  const [net, net6] = [`10.240.${index}.`, `fd00:240::${index}:`];
  return {
    name,
    network: `/run/netns/node-${index}`,
    addresses: [`10.240.0.1${index}`, `fd00:240::1${index}`],
    pods: [
      { subnet: `${net}0/24`, gateway: `${net}1`, range: [`${net}10`, `${net}250`] },
      { subnet: `${net6}0/112`, gateway: `${net6}1`, range: [`${net6}10`, `${net6}ff`] },
    ],
  };
}
