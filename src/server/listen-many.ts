import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type ServerOpts } from 'node:net';

/**
 * Sockets that listen on one port. In each of its turns the event loop accepts one connection of each (libuv, since 1.46), and
 * while large bodies are read a turn can take 100 ms: with one socket, a connection of the API server waited for as many turns
 * as there were hostile ones before it. Elsewhere than on Linux a port has one socket, or they do not share its connections.
 */
const SOCKETS = process.platform === 'linux' ? 16 : 1;
/**
 * So many connections wait at all sockets together, if the kernel's own limit (`net.core.somaxconn`) is not lower. The kernel
 * drops what comes beyond, whoever it is from, and the client tries again after 1 s, 3 s and 7 s: too late for a review.
 */
const BACKLOG = 4096 / SOCKETS;

interface Where {
  readonly host: string;
  readonly port: number;
}

/** A server, and how it is told to listen with one socket: Fastify's way. */
interface Listening {
  readonly server: Server;
  readonly listen: (
    options: Where & { readonly backlog: number; readonly reusePort: boolean },
  ) => PromiseLike<unknown>;
}

/** How the server was told to take its connections, if otherwise than Node does. */
export type SocketOptions = Pick<ServerOpts, 'pauseOnConnect'>;

/** A port on which a server listens. */
export interface Port {
  readonly address: AddressInfo;
  /** Listens no more but with the socket of the server itself; resolves when the connections of all others have ended. */
  readonly close: () => Promise<void>;
}

/** Makes a server listen with many sockets on one port; 0 takes a free one. Throws as `listen` of Node does. */
export async function listenMany(
  app: Listening,
  { host, port }: Where,
  socketOptions: SocketOptions = {},
): Promise<Port> {
  const more: Server[] = [];
  const close = async (): Promise<void> => {
    const ends = more.map((server) => once(server, 'close'));
    for (const server of more) server.close();
    await Promise.all(ends);
  };
  const options = { host, backlog: BACKLOG, reusePort: SOCKETS > 1 };
  // Sockets that share a port would share it with those of another process as well.
  if (options.reusePort) await throwIfTaken({ host, port });
  await app.listen({ ...options, port });
  const address = addressOf(app.server);
  try {
    while (more.length < SOCKETS - 1) {
      const server = createServer({ noDelay: true, ...socketOptions }, (tcp) =>
        app.server.emit('connection', tcp),
      );
      server.listen({ ...options, port: address.port });
      await once(server, 'listening');
      more.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { address, close };
}

async function throwIfTaken(where: Where): Promise<void> {
  const server = createServer().listen(where);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return address;
}
