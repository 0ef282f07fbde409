import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type ServerOpts } from 'node:net';

/**
 * Sockets that listen on one port. In each of its turns the event loop accepts one connection of each (libuv, since 1.46), and
 * while large bodies are read a turn can take 100 ms: with one socket, a connection of the API server waited for as many turns
 * as there were hostile ones before it. Elsewhere than on Linux a port has one socket, or they do not share its connections.
 */
const SOCKETS = process.platform === 'linux' ? 16 : 1;
/**
 * How many connections wait at one socket, 4,096 at all together, if the kernel's own limit (`net.core.somaxconn`) is not
 * lower. The kernel drops what comes beyond, for all clients, and the client tries again after 1 s, 3 s and 7 s: too late for
 * a review.
 */
const BACKLOG = 4096 / SOCKETS;

/** The place where a server listens. */
export interface ListenPlace {
  /** IP addresses, or names: of each its first address is used. */
  readonly hosts: readonly [string, ...string[]];
  /** One port for all hosts; 0 takes a free one. */
  readonly port: number;
  /**
   * Another process of the same user may listen on the port, too. On Linux it gets the connections to addresses that nobody
   * names: a socket of one address is preferred to one of every address, whichever was there first.
   */
  readonly isShared?: boolean;
}

/** The settings of each listening socket. */
interface ListenSettings {
  readonly backlog: number;
  readonly reusePort: boolean;
}

/** A server, what makes it ready to answer, and the call that makes it listen with one socket: Fastify's way. */
interface Listening {
  readonly server: Server;
  readonly ready: () => PromiseLike<unknown>;
  readonly listen: (
    options: ListenSettings & { readonly host: string; readonly port: number },
  ) => PromiseLike<unknown>;
}

/** How the server accepts its connections, if not in Node's way. */
type AcceptOptions = Pick<ServerOpts, 'pauseOnConnect'>;

/** A port on which a server listens. */
export interface Port {
  readonly address: AddressInfo;
  /** Stops listening, except with the server's own socket; resolves when the connections of all others have ended. */
  readonly close: () => Promise<void>;
}

/**
 * Makes a server listen with many sockets on one port of each host. Throws as `listen` of Node does; then it listens at no host,
 * and can be tried again: its own socket comes last, as Fastify listens only once.
 */
export async function listenMany(
  app: Listening,
  { hosts, port, isShared = false }: ListenPlace,
  acceptOptions: AcceptOptions = {},
): Promise<Port> {
  const [firstHost, ...otherHosts] = hosts;
  const first = await resolveHost(firstHost);
  const others = await Promise.all(otherHosts.map(resolveHost));
  const more: Server[] = [];
  const close = async (): Promise<void> => {
    const ends = more.map((server) => once(server, 'close'));
    for (const server of more) server.close();
    await Promise.all(ends);
  };
  const settings: ListenSettings = { backlog: BACKLOG, reusePort: SOCKETS > 1 || isShared };
  // Sockets that share a port would share it with those of another process as well.
  if (settings.reusePort && !isShared)
    for (const host of [first, ...others]) await throwIfTaken({ host, port });
  await app.ready();
  const additional = [
    ...Array.from({ length: SOCKETS - 1 }, () => first),
    ...others.flatMap((host) => Array.from({ length: SOCKETS }, () => host)),
  ];
  let common = port; // 0 until the first socket has one
  try {
    for (const host of additional) {
      const server = createServer({ noDelay: true, ...acceptOptions }, (tcp) =>
        app.server.emit('connection', tcp),
      );
      server.listen({ ...settings, host, port: common });
      await once(server, 'listening');
      more.push(server);
      common = addressOf(server).port;
    }
    await app.listen({ ...settings, host: first, port: common });
    return { address: addressOf(app.server), close };
  } catch (error) {
    void close(); // else the process would go on, for a port that has only some of its addresses
    throw error;
  }
}

/**
 * A name may have several addresses. For `localhost` Fastify would open a second server at another of them, whose connections
 * no limit counts; and each socket would look the name up by itself.
 */
async function resolveHost(host: string): Promise<string> {
  const { address } = await lookup(host);
  return address;
}

async function throwIfTaken(where: { readonly host: string; readonly port: number }): Promise<void> {
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
