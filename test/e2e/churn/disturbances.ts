import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { PRODUCT, upgradeChart, waitForReplicas } from '../cluster/install.ts';
import type { TwoNodeCluster } from '../cluster/two-node-cluster.ts';
import { listReplicas, type Replica } from './processes.ts';
import { listServedCertificates } from './served-certificate.ts';

/** A disturbance: something that happens to the product while pods are created. */
export interface Disturbance {
  readonly name: string;
  /**
   * Matches the API server's message if a connection in use ended with the replica. Without it, no failure is
   * allowed.
   */
  readonly cutOff?: RegExp;
  /** All containers of a pod end at once, so that for a moment new connections are refused. */
  readonly leavesNobody?: true;
  /** The API server itself does not answer for some time. */
  readonly stopsApiServer?: true;
  /** Part of the form that CI runs. */
  readonly short?: true;
  /** Gives the number of lost connections, if a replica was harmed. */
  readonly disturb: (cluster: TwoNodeCluster) => Promise<Harm | void>;
}

/** A replica that ended, or does not answer any more. */
export interface Harm {
  /** Time of its begin, by `performance.now()`. */
  readonly at: number;
  /** Time at which there was a replacement, or the cluster knew that it is gone. */
  readonly until: number;
  /** Number of connections that the API server had to it. */
  readonly connections: number;
}

/** Containers of the product's pods. */
const [MAIN, FALLBACK] = ['jwt-injector', 'fallback-webhook'];
const RESTARTED_WITHIN_MS = 120_000;

/** The Secret with the self-issued certificate. docs/certificates.md says how an admin renews it. */
const SECRET = 'secret/jwt-injector-tls';
/** A new CA is trusted for half a minute before it is used. */
const RENEWED_WITHIN_MS = 120_000;

/**
 * Reviews that were being answered when the process ended: the API server does not repeat them. New
 * connections go to the other container.
 */
const KILLED = /connection reset|EOF/;

/**
 * A connection to a process that does not answer costs one review: the API server gives up after 5 s
 * (`timeoutSeconds`), closes it, and does not repeat the review.
 */
const SILENT = /deadline exceeded|timeout/;

/** New connections go to the other container. */
export const PROCESS_KILLED: Disturbance = {
  name: 'process killed (SIGKILL)',
  short: true,
  cutOff: KILLED,
  disturb: (cluster) => harm(cluster, ({ pid }) => void process.kill(pid, 'SIGKILL')),
};

export const DISTURBANCES: readonly Disturbance[] = [
  { name: 'nothing', short: true, disturb: () => Promise.resolve() },
  {
    name: 'rolling restart',
    short: true,
    disturb: ({ controlPlane }) => restart(controlPlane),
  },
  {
    name: 'scaled to one and back',
    disturb: async ({ controlPlane }) => {
      for (const replicas of [1, 2]) {
        await controlPlane.kubectl([
          'scale',
          `deployment/${PRODUCT}`,
          '-n',
          PRODUCT,
          `--replicas=${replicas}`,
        ]);
        await waitForReplicas(controlPlane);
        await sleep(5000);
      }
    },
  },
  PROCESS_KILLED,
  {
    name: 'fallback webhook killed (SIGKILL)',
    disturb: async (cluster) => {
      // The replica leaves the Service for a moment; its connections stay open.
      await harm(cluster, ({ fallbackPid }) => void process.kill(fallbackPid, 'SIGKILL'), FALLBACK);
    },
  },
  {
    // Until one of them listens again, or the pod has left the Service, kube-proxy still sends new
    // connections there.
    name: 'both containers killed at once (SIGKILL)',
    cutOff: KILLED,
    leavesNobody: true,
    disturb: (cluster) =>
      harm(cluster, ({ pid, fallbackPid }) => {
        for (const one of [pid, fallbackPid]) process.kill(one, 'SIGKILL');
      }),
  },
  {
    name: 'upgrade to pods without a fallback webhook, and back',
    disturb: async (cluster) => {
      for (const enabled of [false, true]) await upgradeChart(cluster, { fallbackWebhook: { enabled } });
    },
  },
  {
    name: 'out of memory',
    cutOff: KILLED,
    disturb: (cluster) => harm(cluster, (replica) => fillMemory(cluster, replica)),
  },
  {
    // Its containers end together, so new connections are refused; the pod leaves the Service when its object
    // is deleted.
    name: 'pod deleted without grace (--force --grace-period=0)',
    cutOff: KILLED,
    disturb: async (cluster) => {
      const { controlPlane } = cluster;
      const { pod, connections } = await findCalled(cluster);
      const at = performance.now();
      await controlPlane.kubectl(['delete', 'pod', pod, '-n', PRODUCT, '--grace-period=0', '--force']);
      await waitUntil('another pod in its place', RESTARTED_WITHIN_MS, async () => {
        const replicas = await listReplicas(controlPlane).catch(() => []); // a process ended meanwhile
        const names = replicas.map((replica) => replica.pod);
        return names.length === 2 && !names.includes(pod);
      });
      return { at, until: performance.now(), connections };
    },
  },
  {
    name: 'process frozen (SIGSTOP)',
    cutOff: SILENT,
    disturb: (cluster) => harm(cluster, ({ pid }) => void process.kill(pid, 'SIGSTOP')),
  },
  {
    name: 'node drained',
    short: true,
    disturb: async ({ controlPlane }) => {
      const { kubectl } = controlPlane;
      const node = await busyNode(controlPlane);
      await kubectl([
        'drain',
        node,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--force',
        '--timeout=3m',
      ]);
      await waitForReplicas(controlPlane);
      await kubectl(['uncordon', node]);
      await restart(controlPlane); // otherwise both replicas stay on the other node
    },
  },
  {
    name: 'control plane restarted',
    short: true,
    stopsApiServer: true,
    disturb: async (cluster) => {
      await cluster.restartControlPlane();
      await sleep(5000);
    },
  },
  {
    name: 'new certificate',
    short: true,
    disturb: (cluster) =>
      renewCertificate(cluster, ['patch', SECRET, '--type=merge', '-p', '{"data":{"tls.crt":null}}']),
  },
  {
    name: 'new certificate authority',
    disturb: (cluster) => renewCertificate(cluster, ['delete', SECRET]),
  },
  {
    name: 'node lost',
    cutOff: SILENT,
    disturb: async ({ controlPlane, nodes }) => {
      const replicas = await listReplicas(controlPlane);
      const [busy] = replicas;
      if (busy === undefined || replicas.every(({ node }) => node === busy.node))
        throw new ControlPlaneError('both replicas are on one node');
      const { node: name } = busy;
      const connections = busy.connections + busy.fallbackConnections;
      const node = nodes.find((one) => one.name === name);
      const at = performance.now();
      await node?.powerOff();
      await waitUntil(`${name} to count as lost`, RESTARTED_WITHIN_MS, async () => {
        const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
        return (await controlPlane.kubectl(['get', 'node', name, '-o', path])).stdout !== 'True';
      });
      const until = performance.now();
      await sleep(5000);
      await node?.powerOn();
      return { at, until, connections };
    },
  },
];

/** Restarts all replicas, one after the other. */
export async function restart(controlPlane: TwoNodeCluster['controlPlane']): Promise<void> {
  await controlPlane.kubectl(['rollout', 'restart', `deployment/${PRODUCT}`, '-n', PRODUCT]);
  await waitForReplicas(controlPlane);
}

/** Waits until all replicas serve the same certificate, which differs from the earlier one. */
async function renewCertificate({ controlPlane }: TwoNodeCluster, command: readonly string[]): Promise<void> {
  const before = await listServedCertificates(controlPlane);
  await controlPlane.kubectl([...command, '-n', PRODUCT]);
  await waitUntil('all replicas to serve with the new certificate', RENEWED_WITHIN_MS, async () => {
    const now = await listServedCertificates(controlPlane);
    return now.size === 1 && now.isDisjointFrom(before);
  });
}

/** The node of the replica that the API server calls. */
async function busyNode(controlPlane: TwoNodeCluster['controlPlane']): Promise<string> {
  const [replica] = await listReplicas(controlPlane);
  if (replica === undefined) throw new Error('no replica is ready');
  return replica.node;
}

/**
 * The replica whose first container the API server calls: connections to a fallback would stay open, and
 * nothing would be lost.
 */
async function findCalled({ controlPlane }: TwoNodeCluster): Promise<Replica> {
  const isFallback = ({ fallbackConnections }: Replica): boolean => fallbackConnections > 0;
  if ((await listReplicas(controlPlane)).some(isFallback)) await restart(controlPlane);
  const [replica] = await listReplicas(controlPlane);
  if (replica === undefined) throw new Error('no replica is ready');
  return replica;
}

/**
 * Harms the replica that the API server calls, and waits until its container was restarted and is ready.
 * Gives what the API server lost.
 */
async function harm(
  cluster: TwoNodeCluster,
  inflict: (replica: Replica) => void | Promise<void>,
  container = MAIN,
): Promise<Harm> {
  const { controlPlane } = cluster;
  const replica = await findCalled(cluster);
  const restarts = async () => {
    const path = `jsonpath={.status.containerStatuses[?(@.name=="${container}")].restartCount}`;
    return Number(
      (await controlPlane.kubectl(['get', 'pod', replica.pod, '-n', PRODUCT, '-o', path])).stdout,
    );
  };
  const before = await restarts();
  const at = performance.now();
  await inflict(replica);
  await waitUntil(
    `${replica.pod} to be started again`,
    RESTARTED_WITHIN_MS,
    async () => (await restarts()) > before,
  );
  const until = performance.now();
  await waitForReplicas(controlPlane);
  return { at, until, connections: replica.connections };
}

/** Each needs less memory than the product; together they need more than its container has. */
const FILL_MEMORY = `
  const { spawn } = require('node:child_process');
  const hold = 'const held = Buffer.alloc(1e7, 1); setInterval(() => held, 1000);';
  for (let count = 0; count < 48; count += 1) spawn(process.execPath, ['-e', hold], { stdio: 'ignore' });
  setInterval(() => {}, 1000);`;

/**
 * Fills the memory of the container with other processes; the kernel kills the largest process if it is
 * configured to kill that first.
 */
async function fillMemory({ controlPlane }: TwoNodeCluster, { pod, pid }: Replica): Promise<void> {
  await writeFile(`/proc/${pid}/oom_score_adj`, '1000');
  const args = ['exec', '-n', PRODUCT, pod, '-c', MAIN, '--', 'node', '-e', FILL_MEMORY];
  await controlPlane.kubectl(args, { allowFailure: true }); // it ends with the container
}
