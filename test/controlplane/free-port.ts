import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports that the system gives to no outgoing connection (Linux: from 32,768 on; others: from 49,152 on). One of those would
 * be free as long as a service restarts, and could be taken by a connection meanwhile.
 */
const PORTS = { first: 10_000, last: 32_767 };

/** A loopback port that nobody listens on at the moment; someone else may take it before you do. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.last + 1);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = Promise.withResolvers<boolean>();
  server.once('error', () => listening.resolve(false));
  server.listen({ port, host: '127.0.0.1' }, () => listening.resolve(true));
  if (!(await listening.promise)) return false;
  server.close();
  await once(server, 'close');
  return true;
}
