import { readdir, readFile } from 'node:fs/promises';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { PRODUCT } from '../cluster/install.ts';

/** A replica of the product that runs on one of our nodes. */
export interface Replica {
  readonly pod: string;
  readonly node: string;
  /** Of the process in its container, as it is seen from the nodes. */
  readonly pid: number;
}

/** The replicas that are ready, oldest first. */
export async function listReplicas({ kubectl }: ControlPlane): Promise<readonly Replica[]> {
  const args = ['get', 'pods', '-n', PRODUCT, '-l', `app.kubernetes.io/name=${PRODUCT}`, '-o', 'json'];
  const list: PodList = JSON.parse(
    (await kubectl([...args, '--sort-by=.metadata.creationTimestamp'])).stdout,
  );
  const ready = list.items.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status.containerStatuses?.every((container) => container.ready),
  );
  return Promise.all(
    ready.map(async ({ metadata, spec }) => ({
      pod: metadata.name,
      node: spec.nodeName,
      pid: await findProcess(metadata.name),
    })),
  );
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly spec: { readonly nodeName: string };
    readonly status: { readonly containerStatuses?: readonly { readonly ready: boolean }[] };
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
