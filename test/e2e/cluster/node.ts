import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiAccess, askApi } from '../../controlplane/api-request.ts';
import { type Component, type ComponentSettings, startComponent } from '../../controlplane/component.ts';
import type { Reaper } from '../../controlplane/reaper.ts';
import { execute } from '../../runs/execute.ts';
import type { NodePlace } from './addresses.ts';
import { NODE_FILES, writeNodeFiles } from './node-files.ts';

/** A node of the cluster: its containerd and its kubelet. */
export interface RealNode {
  readonly name: string;
  /** Path of its network namespace. */
  readonly network: string;
  /** Starts another program in its network, with its folder as the working directory. */
  start(program: Pick<ComponentSettings, 'binary' | 'args'>): Promise<Component>;
  /** Imports an archive of images into containerd. An image without a name gets `name`. */
  importImages(archive: string, name?: string): Promise<void>;
  /** Like a power failure: kubelet, containerd and all its pods end at once, and clients are not notified. */
  powerOff(): Promise<void>;
  /** Starts containerd and kubelet again. */
  powerOn(): Promise<void>;
}

interface NodeSettings {
  readonly place: NodePlace;
  /** Created if missing; contains all files of the node. */
  readonly folder: string;
  readonly kubelet: string;
  readonly kubeconfig: string;
  readonly access: ApiAccess;
  readonly reaper: Reaper;
  readonly readyWithinMs: number;
  readonly log: (line: string) => void;
}

/** Starts a node. Resolves when its kubelet runs; `isNodeReady` says when it accepts pods. */
export async function startNode(settings: NodeSettings): Promise<RealNode> {
  const { place, folder, kubelet, kubeconfig, access, reaper, readyWithinMs, log } = settings;
  await mkdir(folder, { recursive: true });
  await writeNodeFiles(folder, place);
  const socket = join(folder, NODE_FILES.socket);
  const ctr = (...args: readonly string[]) => execute('ctr', ['-a', socket, '-n', 'k8s.io', ...args]);
  const shared = { network: place.network, folder, reaper, readyWithinMs, log };
  const containerd = await startComponent({
    ...shared,
    binary: 'containerd',
    args: ['--config', NODE_FILES.containerd],
    isReady: () =>
      ctr('version').then(
        () => true,
        () => false,
      ),
  });
  const agent: Component = await startComponent({
    ...shared,
    binary: kubelet,
    args: [
      `--config=${NODE_FILES.kubelet}`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${place.name}`,
      `--node-ip=${place.addresses.join()}`,
      `--root-dir=${join(folder, 'kubelet')}`,
      `--cert-dir=${join(folder, 'certificates')}`,
    ],
    isReady: () => isNodeReady(access, place.name),
  });
  return {
    name: place.name,
    network: place.network,
    start: ({ binary, args }) =>
      startComponent({ ...shared, binary, args, isReady: () => Promise.resolve(true) }),
    importImages: async (archive, name) => {
      await ctr('images', 'import', ...(name === undefined ? [] : ['--index-name', name]), archive);
    },
    powerOff: async () => {
      await execute('nft', [describeSilence(place)]);
      await Promise.all([agent.kill(), containerd.kill()]);
      await killUsersOf(socket);
    },
    powerOn: async () => {
      await execute('nft', [`delete table inet ${place.name}`]);
      await containerd.restart();
      await agent.restart();
    },
  };
}

/**
 * Rules for nft: no packet from the control plane reaches the pods of a node, or the other way round, so that
 * their end is not noticed.
 */
function describeSilence({ name, pods: [ipv4, ipv6] }: NodePlace): string {
  return `table inet ${name} {
    chain to { type filter hook output priority filter; ip daddr ${ipv4.subnet} drop; ip6 daddr ${ipv6.subnet} drop; }
    chain from { type filter hook input priority filter; ip saddr ${ipv4.subnet} drop; ip6 saddr ${ipv6.subnet} drop; }
  }`;
}

/** True as soon as the node accepts pods. */
async function isNodeReady(access: ApiAccess, name: string): Promise<boolean> {
  const answer = await askApi(access, 'GET', `/api/v1/nodes/${name}`).catch(() => undefined);
  if (answer?.status !== 200) return false;
  const node: { status: { conditions?: readonly { type: string; status: string }[] } } = JSON.parse(
    answer.body,
  );
  return node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** The shims of a containerd name its socket in their arguments. With a shim, its containers are killed. */
async function killUsersOf(socket: string): Promise<void> {
  const { stdout } = await execute('pgrep', ['-f', `containerd-shim.*${socket}`]).catch(() => ({
    stdout: '',
  }));
  const shims = stdout.split('\n').filter(Boolean).map(Number);
  const children = await Promise.all(shims.map(childrenOf));
  for (const pid of [...shims, ...children.flat()]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already, as its parent has.
    }
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await execute('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter(Boolean).map(Number);
}
