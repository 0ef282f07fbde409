import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { listenAsProxy, tunnelTo, type ProxyServer } from './proxy-server.ts';

/** A proxy (CONNECT) that connects to the same server for all hosts. */
export interface ConnectProxy extends ProxyServer {
  /** The requests, with their credentials. */
  readonly asked: string[];
  /** Its reaction to a request: `tunnel` connects to the server, `end` to one that answers nothing. */
  does: 'tunnel' | 'refuse' | 'nothing' | 'end';
}

/** `url` is the server on this machine to which all tunnels lead. */
export async function startConnectProxy(url: string): Promise<ConnectProxy> {
  const server = createServer();
  server.on('connect', ({ url: target = '', headers }, socket: Socket) => {
    proxy.asked.push([target, headers['proxy-authorization']].join(' ').trim());
    if (proxy.does === 'refuse') socket.write('HTTP/1.1 403 Forbidden\r\n\r\n');
    if (proxy.does === 'tunnel' || proxy.does === 'end') socket.write('HTTP/1.1 200 OK\r\n\r\n');
    if (proxy.does === 'tunnel') tunnelTo(url, socket);
  });
  const proxy: ConnectProxy = { ...(await listenAsProxy(server)), asked: [], does: 'tunnel' };
  return proxy;
}
