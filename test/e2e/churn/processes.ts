import { readdir, readFile } from 'node:fs/promises';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { PRODUCT } from '../cluster/install.ts';

/** A replica of the product that runs on one of our nodes. */
export interface Replica {
  readonly pod: string;
  readonly node: string;
  /** Of the pod. */
  readonly address: string;
  /** Of the process in its container, as it is seen from the nodes. */
  readonly pid: number;
  /** To its webhook, of the API server. */
  readonly connections: number;
}

/** What the API server calls, as files below /proc/net write it. */
const WEBHOOK_PORT = (8443).toString(16).toUpperCase();
const ESTABLISHED = '01';

/**
 * The replicas that are ready, first the one with the most connections to its webhook: the API server keeps to one replica as
 * long as it can, and what happens to the other goes unnoticed.
 */
export async function listReplicas({ kubectl }: ControlPlane): Promise<readonly Replica[]> {
  const args = ['get', 'pods', '-n', PRODUCT, '-l', `app.kubernetes.io/name=${PRODUCT}`, '-o', 'json'];
  const list: PodList = JSON.parse((await kubectl(args)).stdout);
  const ready = list.items.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status.containerStatuses?.every((container) => container.ready),
  );
  const replicas = await Promise.all(
    ready.map(async ({ metadata, spec, status }) => {
      const pid = await findProcess(metadata.name);
      const connections = await countConnections(pid);
      return { pod: metadata.name, node: spec.nodeName, address: status.podIP, pid, connections };
    }),
  );
  return replicas.toSorted((one, other) => other.connections - one.connections);
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly spec: { readonly nodeName: string };
    readonly status: {
      readonly podIP: string;
      readonly containerStatuses?: readonly { readonly ready: boolean }[];
    };
  }[];
}

/** A pod's host name is its own name; of its processes the product is the one that runs `/app/dist/main.js`. */
async function findProcess(pod: string): Promise<number> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const [command, environment] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    if (command?.includes('/app/dist/main.js') && environment?.split('\0').includes(`HOSTNAME=${pod}`))
      return Number(pid);
  }
  throw new Error(`pod ${pod} has no process /app/dist/main.js`);
}

/** Each line of these files is a socket in the network of the process: a number, its own address and port, the other's, its state. */
async function countConnections(pid: number): Promise<number> {
  const files = ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => ''));
  const sockets = (await Promise.all(files)).join('').split('\n');
  return sockets.filter((line) => {
    const [, own, , state] = line.trim().split(/\s+/);
    return own?.endsWith(`:${WEBHOOK_PORT}`) === true && state === ESTABLISHED;
  }).length;
}
