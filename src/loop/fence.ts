import type { Store } from './act.ts';
import type { Failure } from './reconcile-jwt.ts';

/** A write that was not sent, because another replica may be the leader by now. */
class LeadershipLost extends Error {}

/** A store that asks before each write whether this process may still write: a leader that was suspended may not. */
export function fenceStore(store: Store, mayWrite: () => boolean): Store {
  const check = (): void => {
    if (!mayWrite()) throw new LeadershipLost('leadership was lost');
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

/**
 * As `explain`, for the errors of a fenced store too. What was refused is tried again: either the term ends before that,
 * and the next leader looks at every JWT, or the leadership was in doubt for a moment only.
 */
export function explainFenced(
  explain: (error: unknown) => Failure | undefined,
): (error: unknown) => Failure | undefined {
  return (error) =>
    error instanceof LeadershipLost ? { meaning: 'stale', message: error.message } : explain(error);
}
