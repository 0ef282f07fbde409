import { pathOf, type Api } from './api.ts';

/** The Lease of leader election. */
export const LEASE = pathOf('leases', 'jwt-injector', 'jwt-injector');

interface LeaseState {
  /** Milliseconds since the epoch, when it was reported. */
  readonly at: number;
  /** Empty when nobody holds it. */
  readonly holder: string;
}

/** What happens to the Lease from now on, as a watch reports it. */
export async function followLease(
  api: Api,
): Promise<{ states(): readonly LeaseState[]; stop(): Promise<void> }> {
  const states: LeaseState[] = [];
  const ending = new AbortController();
  const lease = await api.get(LEASE);
  const collection = LEASE.slice(0, LEASE.lastIndexOf('/'));
  const watching = api.watch(
    collection,
    lease.metadata.resourceVersion,
    ({ type, object }) => {
      if (object.metadata?.name !== 'jwt-injector' || type === 'BOOKMARK') return;
      states.push({ at: Date.now(), holder: object.spec?.holderIdentity ?? '' });
    },
    ending.signal,
  );
  return {
    states: () => states,
    stop: async () => {
      ending.abort();
      await watching.catch(() => undefined); // the abort itself
    },
  };
}
