import { once } from 'node:events';
import { createServer } from 'node:net';

/** IP addresses at which this machine can listen, and the others. */
interface SortedAddresses {
  readonly own: readonly string[];
  readonly foreign: readonly string[];
}

/** The kernel has no such address: `EAFNOSUPPORT` where it was started with `ipv6.disable=1`, else `EADDRNOTAVAIL`. */
export function isUnknownAddress(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && /^(?:EAFNOSUPPORT|EADDRNOTAVAIL)$/.test(String(error.code))
  );
}

/**
 * Asks the kernel for each address by itself. A pod may have one in its status that its network does not know: where an agent of
 * the network translates it, or as long as IPv6 still looks whether another machine has it.
 */
export async function sortAddresses(ips: readonly string[]): Promise<SortedAddresses> {
  const own: string[] = [];
  for (const ip of ips) if (await canListen(ip)) own.push(ip);
  return { own, foreign: ips.filter((ip) => !own.includes(ip)) };
}

/** Whether a server can listen at the address, on a free port; only a problem with the address counts. */
async function canListen(host: string): Promise<boolean> {
  const server = createServer().listen({ host, port: 0 });
  try {
    await once(server, 'listening');
  } catch (error) {
    return !isUnknownAddress(error);
  }
  server.close();
  await once(server, 'close');
  return true;
}
