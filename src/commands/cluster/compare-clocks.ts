import type { Milliseconds } from '../../time/units.ts';
import type { Access } from './connect.ts';

/** The version of an API server, and its time. */
export interface ServerClock {
  readonly version: string;
  /** How far its clock is ahead of this machine's; `undefined` if it did not say its time. */
  readonly clockAhead: Milliseconds | undefined;
}

/** Asks the API server for its time: what it stores was written by clocks of the cluster, and not by that of this machine. */
export async function compareClocks(client: Pick<Access['client'], 'version'>): Promise<ServerClock> {
  const before = Date.now();
  const { version, date } = await client.version();
  // Its time has whole seconds: half of one is missing on average.
  const clockAhead = date === undefined ? undefined : date + 500 - (before + Date.now()) / 2;
  return { version, clockAhead };
}
