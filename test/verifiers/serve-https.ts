import { once } from 'node:events';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { HOSTS, type Host } from './names.ts';
import type { World } from './world.ts';

/** A server of the world, with the certificate that all programs of the world trust. */
export interface Served {
  readonly host: Host;
  readonly port?: number;
  readonly answer: RequestListener;
}

/** Starts HTTPS servers, on port 443 by default; resolves when all are listening. */
export async function serveHttps(world: World, all: readonly Served[]): Promise<AsyncDisposable> {
  const servers = all.map(({ host, port = 443, answer }) =>
    createServer({ cert: world.certificate, key: world.key }, answer).listen(port, HOSTS[host]),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return {
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      await Promise.all(servers.map((server) => once(server, 'close')));
    },
  };
}
