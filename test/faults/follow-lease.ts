import { waitUntil } from '../controlplane/wait-until.ts';
import { pathOf, type Api } from './api.ts';
import { MAX_LAG_MS } from './observer.ts';

/** The Lease of leader election. */
export const LEASE = pathOf('leases', 'jwt-injector', 'jwt-injector');

interface LeaseState {
  /** Milliseconds since the epoch, when it was reported. */
  readonly at: number;
  /** Empty when nobody holds it. */
  readonly holder: string;
}

interface FollowedLease {
  /** Every state until now: waits until the watch has reported what the Lease is at this moment. */
  states(): Promise<readonly LeaseState[]>;
  stop(): Promise<void>;
}

/** What happens to the Lease from now on, as a watch reports it. */
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
      await watching.catch(() => undefined); // the abort itself
    },
  };
}
