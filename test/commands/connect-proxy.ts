import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A proxy (CONNECT) that connects to the same server for all hosts. */
export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  /** The requests, with their credentials. */
  readonly asked: string[];
  /** Its reaction to a request: `tunnel` connects to the server, `end` to one that answers nothing. */
  does: 'tunnel' | 'refuse' | 'nothing' | 'end';
}

/** `url` is the server on this machine to which all tunnels lead. */
export async function startConnectProxy(url: string): Promise<ConnectProxy> {
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('connect', ({ url: target = '', headers }, socket: Socket) => {
    proxy.asked.push([target, headers['proxy-authorization']].join(' ').trim());
    if (proxy.does === 'refuse') socket.write('HTTP/1.1 403 Forbidden\r\n\r\n');
    if (proxy.does === 'tunnel' || proxy.does === 'end') socket.write('HTTP/1.1 200 OK\r\n\r\n');
    if (proxy.does !== 'tunnel') return;
    const onward = connect(Number(new URL(url).port), '127.0.0.1');
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    onward.pipe(socket).pipe(onward);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxy: ConnectProxy = {
    port: (server.address() as AddressInfo).port,
    asked: [],
    does: 'tunnel',
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
