import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports that the system never uses for outgoing connections (Linux uses those from 32,768 on, others from
 * 49,152 on). Otherwise a connection could take the port while a service restarts.
 */
const PORTS = { first: 10_000, last: 32_767 };

/** A loopback port that is free at the moment. Another process can take it before you do. */
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
