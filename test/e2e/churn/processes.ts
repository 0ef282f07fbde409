import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { SocketAddress } from 'node:net';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { PRODUCT } from '../cluster/install.ts';

/** A replica of the product that runs on one of our nodes. */
export interface Replica {
  readonly pod: string;
  readonly node: string;
  /** Addresses of the pod: `status.podIPs`. */
  readonly addresses: readonly string[];
  /** Process ID of its container, as seen from the nodes. */
  readonly pid: number;
  /** Process ID of the other container. */
  readonly fallbackPid: number;
  /** Number of connections from the API server to its webhook. */
  readonly connections: number;
  /** Number of connections from the API server to the webhook of the other container. */
  readonly fallbackConnections: number;
}

/** The webhook's port, in the form of files below /proc/net. */
const WEBHOOK_PORT = (8443).toString(16).toUpperCase();
const STATES = { established: '01', listening: '0A' } as const;

/**
 * The ready replicas, first the one with the most connections to its webhook: the API server stays with one replica
 * while that answers, and does not notice what happens to the other.
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
      const [pid, fallbackPid] = await Promise.all(
        [false, true].map((isFallback) => findProcess(metadata.name, isFallback)),
      );
      assert.ok(pid !== undefined && fallbackPid !== undefined);
      return {
        pod: metadata.name,
        node: spec.nodeName,
        addresses: status.podIPs.map(({ ip }) => ip),
        pid,
        fallbackPid,
        connections: (await listAddresses(pid, 'established')).length,
        fallbackConnections: (await listAddresses(fallbackPid, 'established')).length,
      };
    }),
  );
  return replicas.toSorted((one, other) => other.connections - one.connections);
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly spec: { readonly nodeName: string };
    readonly status: {
      readonly podIPs: readonly { readonly ip: string }[];
      readonly containerStatuses?: readonly { readonly ready: boolean }[];
    };
  }[];
}

/**
 * The product's processes are those that run `/app/dist/main.js`. The fallback webhook is the one without a
 * controller.
 */
function findProcess(pod: string, isFallback: boolean): Promise<number> {
  return findInPod(
    pod,
    (command) => command.includes('/app/dist/main.js') && command.includes('--no-controller') === isFallback,
  );
}

/**
 * The pid of a process in this pod; the pod's host name, which is unique, identifies it. Throws if there is
 * none.
 */
export async function findInPod(
  pod: string,
  isWanted: (command: readonly string[]) => boolean,
): Promise<number> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const [command = [], environment = []] = await Promise.all(
      ['cmdline', 'environ'].map(async (file) =>
        (await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).split('\0'),
      ),
    );
    if (isWanted(command) && environment.includes(`HOSTNAME=${pod}`)) return Number(pid);
  }
  throw new Error(`pod ${pod} has no such process`);
}

/**
 * The local addresses of the process's sockets at the webhook's port, as texts: one for each connection, or
 * for each listening socket.
 */
export async function listAddresses(
  pid: number,
  state: 'established' | 'listening',
): Promise<readonly string[]> {
  const files = ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => ''));
  const addresses = new Map(
    (await Promise.all(files))
      .join('')
      .split('\n')
      .flatMap((line) => readSocket(line, state)),
  );
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(() => []);
  const held = await Promise.all(descriptors.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return held.flatMap((name) => addresses.get(name) ?? []);
}

/**
 * Reads a line of such a file: a socket in the network of the process, as a number, local address and port,
 * remote address and port, state, and as the tenth field its inode, by which the file descriptors of the
 * process name it.
 */
function readSocket(
  line: string,
  state: keyof typeof STATES,
): readonly [descriptor: string, address: string][] {
  const [, own = '', , itsState, , , , , , inode] = line.trim().split(/\s+/);
  const [address = '', port] = own.split(':');
  if (port !== WEBHOOK_PORT || itsState !== STATES[state]) return [];
  return [[`socket:[${inode}]`, formatAddress(address)]];
}

/**
 * Groups of four bytes, each as a number in the byte order of this machine, which has the last byte first.
 */
function formatAddress(hex: string): string {
  const bytes = [...Buffer.from(hex, 'hex')];
  const groups = Array.from({ length: bytes.length / 4 }, (_, index) =>
    bytes.slice(index * 4, index * 4 + 4).toReversed(),
  );
  const ordered = groups.flat();
  if (ordered.length === 4) return ordered.join('.');
  const words = Array.from({ length: 8 }, (_, index) =>
    ((ordered[index * 2] ?? 0) * 256 + (ordered[index * 2 + 1] ?? 0)).toString(16),
  );
  return new SocketAddress({ family: 'ipv6', address: words.join(':') }).address;
}
