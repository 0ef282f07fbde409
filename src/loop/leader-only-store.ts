import type { Store } from './act.ts';
import { Stale } from './stale.ts';

/**
 * A store that asks before each write whether this process may still write: a leader that was suspended may not. What is
 * refused is tried again: either the term ends before that, and the next leader looks at every JWT, or the leadership was
 * in doubt for a moment only.
 */
export function leaderOnlyStore(store: Store, mayWrite: () => boolean): Store {
  const check = (): void => {
    if (!mayWrite()) throw new Stale('leadership was lost, or is in doubt');
  };
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
    patchSecret: async (namespace, name, operations) => {
      check();
      return store.patchSecret(namespace, name, operations);
    },
    patchJwt: async (namespace, name, patch) => {
      check();
      await store.patchJwt(namespace, name, patch);
    },
  };
}
