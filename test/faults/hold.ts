import type { Proxy, Seen } from './proxy.ts';

/** A request that waits in the proxy. */
export interface Held {
  /** Resolves when the request has arrived. */
  readonly arrived: Promise<Seen>;
  /** Passes it on, or drops it. */
  decide(what: 'pass' | 'drop'): void;
}

/** Holds the first matching request before it is passed on; later ones pass. */
export function holdFirst(proxy: Proxy, fits: (seen: Seen) => boolean): Held {
  const arrived = Promise.withResolvers<Seen>();
  const fate = Promise.withResolvers<'pass' | 'drop'>();
  const stop = proxy.treat((seen) => {
    if (!fits(seen)) return undefined;
    stop();
    arrived.resolve(seen);
    return { do: 'hold', until: fate.promise };
  });
  return { arrived: arrived.promise, decide: fate.resolve };
}

/** Matches the service's apply of this object. */
export function isApplyOf(path: string): (seen: Seen) => boolean {
  return (seen) => seen.method === 'PATCH' && seen.path === path;
}
