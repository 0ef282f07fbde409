import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP connection to a port on loopback that delays each byte and each end, as between distant machines. */
export type SlowRoad = Disposable;

/** Listens on `from` and connects to `to`; `delayMs` is the delay in each direction. */
export async function openSlowRoad(from: number, to: number, delayMs: number): Promise<SlowRoad> {
  const open = new Set<Socket>();
  const lead = (source: Socket, sink: Socket): void => {
    open.add(source);
    const later = (what: () => unknown): unknown => setTimeout(what, delayMs);
    source.on('data', (bytes) => later(() => sink.write(bytes)));
    source.on('end', () => later(() => sink.end()));
    source.on('close', () => {
      open.delete(source);
      later(() => sink.destroy());
    });
    source.on('error', () => {}); // `close` reports it
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const service = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true, noDelay: true });
    lead(client, service);
    lead(service, client);
  }).listen(from, '127.0.0.1');
  await once(server, 'listening');
  return {
    [Symbol.dispose]: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
