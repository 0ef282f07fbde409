import type { Store } from './act.ts';
import { Unsent } from './stale.ts';

/**
 * A store that checks before each write whether this process is still the leader: one that was suspended may have lost the
 * Lease. A refused write is tried again: either the term ends before that, and the next leader looks at every JWT, or the
 * leadership was in doubt only for a moment.
 */
export function leaderOnlyStore(store: Store, mayWrite: () => boolean): Store {
  return guardStore(store, () => {
    if (!mayWrite()) throw new Unsent('leadership was lost, or is in doubt');
  });
}

/** A store for one round: it writes nothing after the round was given up. */
export function roundStore(store: Store, isGivenUp: () => boolean): Store {
  return guardStore(store, () => {
    if (isGivenUp()) throw new Unsent('the round was given up');
  });
}

/** `check` is called before each write, and throws if the write is not allowed. */
function guardStore(store: Store, check: () => void): Store {
  return {
    readSecret: (namespace, name) => store.readSecret(namespace, name),
    applySecret: async (secret, options) => {
      check();
      await store.applySecret(secret, options);
    },
    applyStatus: async (jwt) => {
      check();
      await store.applyStatus(jwt);
    },
    patchSecret: async (namespace, name, steps) => {
      check();
      return store.patchSecret(namespace, name, steps);
    },
    patchJwt: async (namespace, name, patch) => {
      check();
      await store.patchJwt(namespace, name, patch);
    },
  };
}
