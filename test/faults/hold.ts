import { waitUntil } from '../controlplane/wait-until.ts';
import type { Proxy, Seen } from './proxy.ts';

/** A request that waits in the proxy. At the end of its scope it is dropped, if nobody has decided. */
export interface Held extends Disposable {
  /** Waits until the request has arrived. Throws if it does not come within `withinMs` milliseconds. */
  arrive(withinMs: number): Promise<Seen>;
  /** Passes it on, or drops it. */
  decide(what: 'pass' | 'drop'): void;
}

/** Holds the first matching request before it is passed on; later ones pass. */
export function holdFirst(proxy: Proxy, what: string, fits: (seen: Seen) => boolean): Held {
  let arrived: Seen | undefined;
  const fate = Promise.withResolvers<'pass' | 'drop'>();
  const stop = proxy.treat((seen) => {
    if (!fits(seen)) return undefined;
    stop();
    arrived = seen;
    return { do: 'hold', until: fate.promise };
  });
  return {
    arrive: (withinMs) => waitUntil(`${what} to be sent`, withinMs, () => arrived),
    decide: fate.resolve,
    [Symbol.dispose]: () => {
      stop();
      fate.resolve('drop');
    },
  };
}

/** Matches the service's apply of this object. */
export function isApplyOf(path: string): (seen: Seen) => boolean {
  return (seen) => seen.method === 'PATCH' && seen.path === path;
}
