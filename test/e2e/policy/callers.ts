import { stringify } from 'yaml';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { findInPod } from '../churn/processes.ts';
import { NODES } from '../cluster/addresses.ts';
import { PRODUCT } from '../cluster/install.ts';
import { BUSYBOX } from '../stories/science-namespace.ts';

/** A program that opens connections. */
export interface Caller {
  readonly name: string;
  /** Path of its network namespace; default: ours, which is the control plane's. */
  readonly network?: string;
}

/** A pod that is called, or calls. */
export interface Callee extends Caller {
  readonly network: string;
  /** Its IPv4 address. */
  readonly address: string;
}

/** Creates a namespace of this name, with an idle pod on each node. */
export async function startPods(
  { apply, kubectl }: ControlPlane,
  namespace: string,
): Promise<readonly [Callee, Callee]> {
  const pods = NODES.map((node) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${namespace}-${node.name}`, namespace, labels: { app: namespace } },
    spec: {
      nodeName: node.name,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: BUSYBOX, command: ['sleep', '100000'] }],
    },
  }));
  await kubectl(['create', 'namespace', namespace]);
  await apply(pods.map((pod) => stringify(pod)).join('---\n'));
  await kubectl(['wait', 'pod', '--all', '-n', namespace, '--for=condition=Ready', '--timeout=2m']);
  const [one, other] = await listCallees({ kubectl }, namespace, `app=${namespace}`, 'sleep');
  if (one === undefined || other === undefined) throw new Error(`${namespace} has too few pods`);
  return [one, other];
}

/** The pods of a Deployment of the product that are not being deleted. */
export function listPodsOf(
  controlPlane: Pick<ControlPlane, 'kubectl'>,
  deployment: string,
): Promise<readonly Callee[]> {
  return listCallees(controlPlane, PRODUCT, `app.kubernetes.io/name=${deployment}`, '/app/dist/main.js');
}

/** `word` is one of the arguments of their process. */
async function listCallees(
  { kubectl }: Pick<ControlPlane, 'kubectl'>,
  namespace: string,
  selector: string,
  word: string,
): Promise<readonly Callee[]> {
  const { stdout } = await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json']);
  const { items }: PodList = JSON.parse(stdout);
  const alive = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return Promise.all(
    alive.map(async ({ metadata: { name }, status }) => {
      const pid = await findInPod(name, (command) => command.includes(word));
      return { name, network: `/proc/${pid}/ns/net`, address: status.podIP };
    }),
  );
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly status: { readonly podIP: string };
  }[];
}
