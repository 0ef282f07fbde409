import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fail, ok, type Result } from '../resources/result.ts';
import type { ListenPlace } from './listen-many.ts';
import { isUnknownAddress } from './own-addresses.ts';

type Listen = (place: ListenPlace) => Promise<AddressInfo | string | null>;

/** The addresses to listen at: those of `ips`, `host`, or every address. Port 0 lets the system choose. */
interface WantedPort {
  readonly host: string | undefined;
  readonly port: number;
  readonly ips?: readonly string[];
}

/** Every address of the machine: `::` takes IPv4 too, but a kernel without IPv6 does not know it. */
const EVERY_ADDRESS = ['::', '0.0.0.0'] as const;
/** The addresses at which only this machine connects; a kernel may know one of them. */
const LOOPBACK = ['127.0.0.1', '::1'] as const;

/** Listens, and says in words why it cannot. `flag` is the setting that the port came from. Gives the port. */
export async function listenOn(
  flag: string,
  { host, port, ips = [] }: WantedPort,
  listen: Listen,
): Promise<Result<number, string>> {
  const [first = host, ...others] = ips;
  try {
    const address =
      first === undefined
        ? await atKnownAddress(EVERY_ADDRESS, (each) => listen({ hosts: [each], port }))
        : await listen({ hosts: [first, ...others], port });
    if (address === null || typeof address === 'string') return fail(`${flag}: not a TCP port`);
    return ok(address.port);
  } catch (error) {
    return fail(describeListenError(error, { flag, where: formatAddress(host, port), port, ips }));
  }
}

/**
 * Listens for a moment at a port that is shared, where nobody's clients connect: its other process loses no connection.
 */
export async function tryPort({ port }: Pick<ListenPlace, 'port'>): ReturnType<Listen> {
  return atKnownAddress(LOOPBACK, (host) => tryPlace(host, port));
}

async function tryPlace(host: string, port: number): ReturnType<Listen> {
  const server = createServer().listen({ host, port, reusePort: process.platform === 'linux' });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address;
}

/** Listens at the first address of these that this kernel knows. */
async function atKnownAddress(
  [first, second]: readonly [string, string],
  listenAt: (host: string) => ReturnType<Listen>,
): ReturnType<Listen> {
  try {
    return await listenAt(first);
  } catch (error) {
    if (!isUnknownAddress(error)) throw error;
    return listenAt(second);
  }
}

/** The address as flags take it: `[::1]:8443`, `:8443`. */
function formatAddress(host = '', port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The place that was to be listened on, in the words of its flag. */
interface Attempt {
  readonly flag: string;
  readonly where: string;
  readonly port: number;
  readonly ips: readonly string[];
}

function describeListenError(error: unknown, { flag, where, port, ips }: Attempt): string {
  const code = detailOf(error, 'code') ?? 'no known reason';
  switch (code) {
    case 'EADDRINUSE': {
      const address = detailOf(error, 'address');
      const at = address !== undefined && ips.includes(address) ? ` at ${address}` : '';
      return `${flag}=${where} is in use${at} by another process: choose another port, or end that process`;
    }
    case 'EACCES':
      return `${flag}=${where} is not allowed: ports below 1024 need rights, choose a higher one`;
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${flag}=${where} is not an address of this machine: use :${port} for all of them`;
    default:
      return `${flag}=${where}: cannot listen there (${code})`;
  }
}

/** Node's errors of system calls say more than their type does. */
function detailOf(error: unknown, name: 'code' | 'address'): string | undefined {
  const word: unknown = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof word === 'string' ? word : undefined;
}
