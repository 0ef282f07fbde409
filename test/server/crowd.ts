import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * The order to the thread: address to connect to, addresses to connect from, and the number of connections.
 */
export interface CrowdOrder {
  readonly port: number;
  readonly crowd: { readonly localAddress: string; readonly count: number };
  readonly newcomer: string;
  /**
   * Its first number becomes 1 when the kernel has accepted all connections, or accepts no more, and the
   * newcomer's first message.
   */
  readonly dialled: Int32Array;
}

/** The results of the thread. */
export interface CrowdReport {
  /** How many connections of the crowd the kernel accepted before the service did. */
  readonly connected: number;
  /** How many connections of the crowd completed their handshake before the newcomer. */
  readonly before: number;
}

/** A dropped packet is sent again after a second: a connection that is not open by then was dropped. */
const PATIENCE_MS = 900;

const order: CrowdOrder = workerData;
const sockets: Socket[] = [];
let connected = 0;
let secure = 0;

function dial(localAddress: string): Socket {
  const socket = connectTcp({ host: '127.0.0.1', port: order.port, localAddress }).on('error', () => {});
  sockets.push(socket);
  return socket;
}

async function dialCrowd({ localAddress, count }: CrowdOrder['crowd']): Promise<void> {
  const all = Promise.withResolvers<void>();
  const isOver = (): void => {
    const known = connected;
    // After this thread was suspended, its timers come before what happened meanwhile.
    setImmediate(() => setImmediate(() => void (connected === known && all.resolve())));
  };
  let patience = setTimeout(isOver, PATIENCE_MS);
  for (let number = 0; number < count; number += 1) {
    const socket = dial(localAddress);
    socket.once('connect', () => {
      connected += 1;
      clearTimeout(patience);
      patience = setTimeout(isOver, connected === count ? 0 : PATIENCE_MS);
      connectTls({ socket, rejectUnauthorized: false })
        .on('error', () => {})
        .once('secureConnect', () => (secure += 1));
    });
  }
  await all.promise;
}

await dialCrowd(order.crowd);
const socket = dial(order.newcomer);
const newcomer = connectTls({ socket, rejectUnauthorized: false });
socket.once('connect', () =>
  // Later, after the newcomer's ClientHello was sent: this thread could be suspended while the service
  // answers the crowd.
  setImmediate(() => {
    Atomics.store(order.dialled, 0, 1);
    Atomics.notify(order.dialled, 0);
  }),
);
await once(newcomer, 'secureConnect');
const report: CrowdReport = { connected, before: secure };
for (const each of sockets) each.destroy();
parentPort?.postMessage(report, []);
