import { setTimeout as sleep } from 'node:timers/promises';
import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';

/** Pods that are created all the time. Failed creations are not repeated. */
export interface Creations extends AsyncDisposable {
  /** Number of pods created so far with their token. */
  count(): number;
  /** Problems with the other pods, with the time since the start in seconds. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

const CREATORS = 4;
/**
 * Pause between two creations of one creator, in ms: as many creations as in a cluster under load, and time
 * for other programs on the machine.
 */
const PAUSE_MS = 15;

/** Options of the creations. All are optional. */
export interface CreationOptions {
  /** Pause of each creator after a creation. */
  readonly pauseMs?: number;
  /**
   * Run admission, but store nothing, so that controllers have no work with the pods. By default pods are
   * stored.
   */
  readonly dryRun?: boolean;
}

/** Creates annotated pods in the namespace until stopped, and checks the API server's answers. */
export function startCreations(
  cluster: Cluster,
  namespace: string,
  { pauseMs = PAUSE_MS, dryRun = false }: CreationOptions = {},
): Creations {
  const path = `/api/v1/namespaces/${namespace}/pods${dryRun ? '?dryRun=All' : ''}`;
  const failures: string[] = [];
  let created = 0;
  const stopping = new AbortController();
  const startedAt = performance.now();
  const create = async (): Promise<void> => {
    const problem = await createPod(cluster, path);
    if (problem === undefined) created += 1;
    else failures.push(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${problem}`);
  };
  const creator = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await create();
      await sleep(pauseMs);
    }
  };
  const running = Promise.all(Array.from({ length: CREATORS }, creator));
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  return { count: () => created, failures, stop, [Symbol.asyncDispose]: stop };
}

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'made-', annotations: { 'tokens.osg-htc.org/token': 'my-jwt' } },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
};

/** Creates one pod; gives the problem with the answer, if there is one. */
async function createPod({ access }: Cluster, path: string): Promise<string | undefined> {
  try {
    const { status, body } = await askApi(access, 'POST', path, POD);
    if (status !== 201) return `${status} ${body}`;
    return body.includes('BEARER_TOKEN_FILE') ? undefined : 'the pod has no token';
  } catch (error) {
    return String(error);
  }
}
