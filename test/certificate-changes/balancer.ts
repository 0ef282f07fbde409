import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Takes the place of the Service: new connections go to the ready replicas in turn. */
export interface Balancer {
  readonly port: number;
  /** Replicas that get new connections, as ports of their webhooks. */
  readonly targets: Set<number>;
  close(): Promise<void>;
}

/**
 * Listens on loopback. If a replica refuses a connection, the client's connection is refused as well: nothing
 * is tried again.
 */
export async function startBalancer(): Promise<Balancer> {
  const targets = new Set<number>();
  const open = new Set<Socket>();
  let turn = 0;
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((incoming) => {
    keep(incoming);
    const ports = [...targets];
    const port = ports[turn++ % ports.length];
    if (port === undefined) {
      incoming.destroy();
      return;
    }
    const outgoing = connect(port, '127.0.0.1');
    keep(outgoing);
    outgoing.on('close', () => incoming.destroy());
    incoming.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
