import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A proxy (CONNECT) for whom every host is the same one. */
export interface ConnectProxy extends AsyncDisposable {
  readonly port: number;
  /** What it was asked for, with the credentials. */
  readonly asked: string[];
  /** What it does once it is asked: `tunnel` leads to the server, `end` to one that says nothing. */
  does: 'tunnel' | 'refuse' | 'nothing' | 'end';
}

/** `url`: of the server on this machine that all tunnels lead to. */
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
