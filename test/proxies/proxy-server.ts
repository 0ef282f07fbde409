import { once } from 'node:events';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** A server on this machine that ends all its connections when it is disposed. */
export interface ProxyServer extends AsyncDisposable {
  readonly port: number;
}

/** Listens at a free port. */
export async function listenAsProxy(server: Server): Promise<ProxyServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Connects a client of the proxy with the server of the URL. */
export function tunnelTo(url: string, client: Socket): void {
  const onward = connect(Number(new URL(url).port), '127.0.0.1');
  onward.on('error', () => client.destroy());
  client.on('close', () => onward.destroy());
  onward.pipe(client).pipe(onward);
}
