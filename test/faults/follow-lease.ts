import { waitUntil } from '../controlplane/wait-until.ts';
import { pathOf, type Api } from './api.ts';
import { MAX_LAG_MS } from './observer.ts';

/** The Lease of leader election. */
export const LEASE = pathOf('leases', 'jwt-injector', 'jwt-injector');

interface LeaseState {
  /** Time of the report, in milliseconds since the epoch. */
  readonly at: number;
  /** Empty if nobody holds it. */
  readonly holder: string;
}

interface FollowedLease {
  /** Every state until now: waits until the watch has reported the present Lease. */
  states(): Promise<readonly LeaseState[]>;
  stop(): Promise<void>;
}

/** Records all changes of the Lease from now on, as a watch reports them. */
export async function followLease(api: Api): Promise<FollowedLease> {
  const states: LeaseState[] = [];
  const versions = new Set<string>();
  const ending = new AbortController();
  const lease = await api.get(LEASE);
  versions.add(lease.metadata.resourceVersion);
  const collection = LEASE.slice(0, LEASE.lastIndexOf('/'));
  const watching = api.watch(
    collection,
    lease.metadata.resourceVersion,
    ({ type, object }) => {
      if (object.metadata?.name !== 'jwt-injector' || type === 'BOOKMARK') return;
      versions.add(object.metadata.resourceVersion);
      states.push({ at: Date.now(), holder: object.spec?.holderIdentity ?? '' });
    },
    ending.signal,
  );
  return {
    states: async () => {
      const { metadata } = await api.get(LEASE);
      await waitUntil('the watch of the Lease', MAX_LAG_MS, () => versions.has(metadata.resourceVersion));
      return states;
    },
    stop: async () => {
      ending.abort();
      await watching.catch(() => undefined); // the watch ends with the error of our own abort
    },
  };
}
