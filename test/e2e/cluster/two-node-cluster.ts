import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeFile } from 'node:fs/promises';
import { startComponent } from '../../controlplane/component.ts';
import { type ControlPlane, startControlPlane } from '../../controlplane/control-plane.ts';
import { type Reaper, startReaper } from '../../controlplane/reaper.ts';
import { readStartTimeout } from '../../controlplane/start-timeout.ts';
import { API_ADDRESS, API_CLUSTER_IP, NODES, POD_NETWORKS, SERVICE_NETWORKS } from './addresses.ts';
import { KUBE_ROUTER } from './kube-router.ts';
import { startNames } from './names.ts';
import { type RealNode, startNode } from './node.ts';

/** Paths of the programs for real nodes. */
export interface NodePrograms {
  readonly kubelet: string;
  readonly 'kube-proxy': string;
  readonly 'kube-scheduler': string;
}

/** A cluster of two real nodes. Its control plane is that of the other tests, with a scheduler. */
export interface TwoNodeCluster {
  readonly controlPlane: ControlPlane;
  readonly nodes: readonly RealNode[];
  /** Makes all present Services reachable for pods by their names. */
  publishServices(): Promise<void>;
  /** Kills API server, etcd and controller manager at once, and starts them again with the same data. */
  restartControlPlane(): Promise<void>;
}

/**
 * Starts the cluster in the present world (machine/world.sh), in `folder`; resolves when both nodes are
 * ready. It ends with the world.
 */
export async function startTwoNodeCluster(
  folder: string,
  programs: NodePrograms,
  log: (line: string) => void,
): Promise<TwoNodeCluster> {
  const users = [
    { name: 'system:kube-scheduler' },
    { name: 'system:kube-proxy' },
    { name: KUBE_ROUTER, groups: ['system:masters'] },
    ...NODES.map(({ name }) => ({ name: `system:node:${name}`, groups: ['system:nodes'] })),
  ];
  const controlPlane = await startControlPlane({
    addresses: [API_ADDRESS, API_CLUSTER_IP],
    users,
    apiServerArgs: [
      '--bind-address=0.0.0.0',
      `--advertise-address=${API_ADDRESS}`,
      `--service-cluster-ip-range=${Object.values(SERVICE_NETWORKS).join()}`,
      '--endpoint-reconciler-type=lease', // pods use Service `kubernetes` to reach the API server
      '--enable-admission-plugins=NodeRestriction',
      '--kubelet-preferred-address-types=InternalIP',
    ],
    log,
  });
  log('the control plane answers');
  const reaper = await startReaper();
  const readyWithinMs = readStartTimeout(process.env);
  const { access } = controlPlane;
  const common = { folder, reaper, readyWithinMs, log };

  await startScheduler(controlPlane, programs['kube-scheduler'], common);
  const nodes = await Promise.all(
    NODES.map((place) =>
      startNode({
        ...common,
        place,
        folder: join(folder, place.name),
        kubelet: programs.kubelet,
        kubeconfig: controlPlane.kubeconfigOf(`system:node:${place.name}`),
        access,
      }),
    ),
  );
  log('both nodes are ready');
  await startProxies(controlPlane, nodes, programs['kube-proxy'], common);
  const publishServices = await startNames(controlPlane, common);
  return {
    controlPlane,
    nodes,
    publishServices,
    restartControlPlane: async () => {
      const { apiServer, etcd, controllerManager } = controlPlane;
      await Promise.all([apiServer, controllerManager, etcd].map((component) => component.kill()));
      for (const component of [etcd, apiServer, controllerManager]) await component.restart();
    },
  };
}

interface Common {
  readonly folder: string;
  readonly reaper: Reaper;
  readonly readyWithinMs: number;
  readonly log: (line: string) => void;
}

async function startScheduler(controlPlane: ControlPlane, binary: string, common: Common): Promise<void> {
  const kubeconfig = controlPlane.kubeconfigOf('system:kube-scheduler');
  await startComponent({
    ...common,
    binary,
    args: [`--kubeconfig=${kubeconfig}`, '--secure-port=0', '--leader-elect=false'],
    isReady: () => Promise.resolve(true), // it listens on no port; pods that run show that it works
  });
}

/**
 * Starts kube-proxies, which translate ClusterIPs into addresses of pods: for the API server, and for the
 * pods of each node.
 */
async function startProxies(
  controlPlane: ControlPlane,
  nodes: readonly RealNode[],
  binary: string,
  common: Common,
): Promise<void> {
  const config = join(common.folder, 'kube-proxy.yaml');
  const settings = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    clusterCIDR: Object.values(POD_NETWORKS).join(),
    clientConnection: { kubeconfig: controlPlane.kubeconfigOf('system:kube-proxy') },
    // Does not change the machine's limits of connections.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
  await writeFile(config, stringify(settings));
  const argsOn = (node = ''): readonly string[] => [
    `--config=${config}`,
    `--hostname-override=${node}`,
    '--v=1',
  ];
  await startComponent({
    ...common,
    binary,
    // It needs the name of some node; that node's addresses only matter for NodePorts.
    args: argsOn(nodes[0]?.name),
    isReady: () => Promise.resolve(true),
  });
  for (const node of nodes) await node.start({ binary, args: argsOn(node.name) });
}
