import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { API_ADDRESS, CLUSTER_DOMAIN, type NodePlace } from './addresses.ts';

/** Names of a node's files, in its folder. */
export const NODE_FILES = {
  socket: 'containerd.sock',
  containerd: 'containerd.toml',
  kubelet: 'kubelet.yaml',
  network: 'cni',
} as const;

/** The image that keeps a pod's namespaces open. */
export const PAUSE_IMAGE = 'registry.example/pause:test';

/** Writes the configuration of containerd, its network plugins and the kubelet of a node. */
export async function writeNodeFiles(folder: string, node: NodePlace): Promise<void> {
  await mkdir(join(folder, NODE_FILES.network), { recursive: true });
  await writeFile(join(folder, NODE_FILES.containerd), describeContainerd(folder));
  await writeFile(
    join(folder, NODE_FILES.network, '10-pods.conflist'),
    JSON.stringify(describeNetwork(folder, node)),
  );
  await writeFile(
    join(folder, NODE_FILES.network, '99-loopback.conf'),
    JSON.stringify({ cniVersion: '0.4.0', name: 'loopback', type: 'loopback' }),
  );
  await writeFile(join(folder, NODE_FILES.kubelet), stringify(describeKubelet(folder, node)));
}

function describeContainerd(folder: string): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/${NODE_FILES.socket}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true # in a container without CAP_SYS_RESOURCE nothing could start otherwise
  sandbox_image = "${PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/${NODE_FILES.network}"
`;
}

/**
 * A virtual cable from each pod to the node, so that packets between pods of one node, too, go through its
 * kube-proxy and its firewall.
 */
function describeNetwork(folder: string, { name, pods }: NodePlace) {
  const ipam = {
    type: 'host-local',
    dataDir: join(folder, 'addresses'),
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    ranges: pods.map(({ subnet, gateway, range: [rangeStart, rangeEnd] }) => [
      { subnet, gateway, rangeStart, rangeEnd },
    ]),
  };
  return { cniVersion: '0.4.0', name, plugins: [{ type: 'ptp', ipam }] };
}

/**
 * The defaults wherever possible: `syncFrequency` and the way of watching Secrets decide when pods see a new
 * token.
 */
function describeKubelet(folder: string, { name, addresses: [address] }: NodePlace) {
  const socket = `unix://${join(folder, NODE_FILES.socket)}`;
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    port: 10_250,
    readOnlyPort: 0,
    healthzPort: 0,
    // Only we use this network.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: socket,
    imageServiceEndpoint: socket,
    clusterDNS: [API_ADDRESS],
    clusterDomain: CLUSTER_DOMAIN,
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%' },
    podLogsDir: `/var/log/pods-${name}`,
    maxPods: 240,
    // It can run in a container that is not allowed to change some settings of the kernel.
    featureGates: { KubeletInUserNamespace: true },
  };
}
