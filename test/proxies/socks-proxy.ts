import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { listenAsProxy, tunnelTo, type ProxyServer } from './proxy-server.ts';

/** A proxy that speaks SOCKS version 5 (RFC 1928), and connects to the same server for all hosts. */
export interface SocksProxy extends ProxyServer {
  /** The hosts that were asked for with their ports, and the credentials. */
  readonly asked: string[];
  /** Its reaction to a request. */
  does: 'tunnel' | 'refuse' | 'nothing';
}

const [VERSION, AUTHENTICATION_VERSION] = [5, 1];
const [NO_CREDENTIALS, CREDENTIALS] = [0, 2];
const [DONE, NOT_ALLOWED] = [0, 2];

/** `url` is the server on this machine to which all tunnels lead. */
export async function startSocksProxy(url: string): Promise<SocksProxy> {
  const server = createServer(
    (socket) => void serve(socket).catch(() => socket.destroy()), // the client closed the connection
  );
  const proxy: SocksProxy = { ...(await listenAsProxy(server)), asked: [], does: 'tunnel' };
  return proxy;

  /** Each message of the client is complete, as it waits for the answer to the one before. */
  async function serve(socket: Socket): Promise<void> {
    const receive = async (): Promise<Buffer> => (await once(socket, 'data'))[0];
    const methods = (await receive()).subarray(2);
    let credentials = '';
    if (methods.includes(CREDENTIALS)) {
      socket.write(Buffer.from([VERSION, CREDENTIALS]));
      const [user, password] = textsOf((await receive()).subarray(1));
      credentials = ` ${user}:${password}`;
      socket.write(Buffer.from([AUTHENTICATION_VERSION, DONE]));
    } else socket.write(Buffer.from([VERSION, NO_CREDENTIALS]));
    const request = await receive();
    const [host] = textsOf(request.subarray(4));
    proxy.asked.push(`${host}:${request.readUInt16BE(request.length - 2)}${credentials}`);
    if (proxy.does === 'nothing') return;
    const status = proxy.does === 'refuse' ? NOT_ALLOWED : DONE;
    socket.write(Buffer.from([VERSION, status, 0, 1, 0, 0, 0, 0, 0, 0]));
    if (proxy.does === 'tunnel') tunnelTo(url, socket);
  }
}

/** Texts one after the other, each with its length before it. */
function textsOf(bytes: Buffer): readonly string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + (bytes[at] ?? 0))
    texts.push(bytes.toString('utf8', at + 1, at + 1 + (bytes[at] ?? 0)));
  return texts;
}
