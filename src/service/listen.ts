import type { AddressInfo } from 'node:net';
import type { Address } from '../config/values.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { ListenPlace } from '../server/listen-many.ts';
import { isUnknownAddress } from './own-addresses.ts';

type Listen = (place: ListenPlace) => Promise<AddressInfo | string | null>;

/** Where to listen: at the addresses of `ips`, at `host`, or at every address. */
interface Wanted extends Address {
  readonly ips?: readonly string[];
}

/** Every address of the machine: `::` takes IPv4 too, but a kernel without IPv6 does not know it. */
const EVERY_ADDRESS = ['::', '0.0.0.0'] as const;
/** Listens, and says in words why it cannot. `flag` is the setting that the port came from. Gives the port. */
export async function listenOn(
  flag: string,
  { host, port, ips = [] }: Wanted,
  listen: Listen,
): Promise<Result<number, string>> {
  const [first = host, ...others] = ips;
  try {
    const address =
      first === undefined
        ? await listenEverywhere(port, listen)
        : await listen({ hosts: [first, ...others], port });
    if (address === null || typeof address === 'string') return fail(`${flag}: not a TCP port`);
    return ok(address.port);
  } catch (error) {
    return fail(describeProblem(codeOf(error), flag, `${host ?? ''}:${port}`, port));
  }
}

async function listenEverywhere(port: number, listen: Listen): ReturnType<Listen> {
  const [first, second] = EVERY_ADDRESS;
  try {
    return await listen({ hosts: [first], port });
  } catch (error) {
    if (!isUnknownAddress(error)) throw error;
    return listen({ hosts: [second], port });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no known reason';
}

function describeProblem(code: string, flag: string, where: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `${flag}=${where} is in use by another process: choose another port, or end that process`;
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
