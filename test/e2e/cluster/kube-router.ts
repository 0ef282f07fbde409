import { join } from 'node:path';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { inNetwork } from '../../controlplane/in-network.ts';
import { execute } from '../../runs/execute.ts';
import { findGoTool } from '../../tools/go-tool.ts';
import { SERVICE_NETWORKS } from './addresses.ts';
import type { RealNode } from './node.ts';

const MODULE = join(import.meta.dirname, '../../tools/kube-router');

/** Its user name at the API server. */
export const KUBE_ROUTER = 'kube-router';

/**
 * The path of kube-router: from the cache, else built in a minute or two. Throws an error that says what is
 * missing.
 */
export function findKubeRouter(): Promise<string> {
  return findGoTool(MODULE);
}

/**
 * Makes the network of each node enforce NetworkPolicies; they are in force soon after it resolves. Only for
 * IPv4: version 2.1.0 has wrong names for its sets of IPv6 addresses (its issue 1653), and no newer one is on
 * every Go module proxy. Disposing ends that, and allows all connections again.
 */
export async function enforcePolicies({
  controlPlane,
  nodes,
}: {
  readonly controlPlane: Pick<ControlPlane, 'kubeconfigOf'>;
  readonly nodes: readonly RealNode[];
}): Promise<AsyncDisposable> {
  const binary = await findKubeRouter();
  const args = [
    '--run-firewall=true',
    '--run-router=false',
    '--run-service-proxy=false',
    '--enable-cni=false',
    '--health-port=0',
    `--kubeconfig=${controlPlane.kubeconfigOf(KUBE_ROUTER)}`,
    `--service-cluster-ip-range=${SERVICE_NETWORKS.ipv4}`,
    '--v=1',
  ];
  const components = await Promise.all(
    nodes.map((node) => node.start({ binary, args: [...args, `--hostname-override=${node.name}`] })),
  );
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(components.map((component) => component.kill()));
      for (const { network } of nodes)
        await execute(...inNetwork(network, 'nft', ['delete table ip filter']));
    },
  };
}
