import type { AddressInfo } from 'node:net';
import type { Address } from '../../config.ts';
import { fail, ok, type Result } from '../../resources/result.ts';

/** Listens, and says in words why it cannot. `flag` is the setting the address came from. Gives the port. */
export async function listenOn(
  flag: string,
  { host, port }: Address,
  listen: (address: { host: string; port: number }) => Promise<AddressInfo | string | null>,
): Promise<Result<number, string>> {
  try {
    const address = await listen({ host: host ?? '::', port });
    if (address === null || typeof address === 'string') return fail(`${flag}: no TCP port`);
    return ok(address.port);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const where = `${host ?? ''}:${port}`;
    if (code === 'EADDRINUSE')
      return fail(`${flag}=${where} is in use by another process: choose another port, or end that process`);
    if (code === 'EACCES')
      return fail(`${flag}=${where} is not allowed: ports below 1024 need rights, choose a higher one`);
    if (code === 'EADDRNOTAVAIL')
      return fail(`${flag}=${where} is no address of this machine: use :${port} for all of them`);
    throw error;
  }
}
