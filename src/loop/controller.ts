import { isDeepStrictEqual } from 'node:util';
import { locateKey } from '../reconcile/key-access.ts';
import type { Jwt } from '../resources/jwt.ts';
import { objectKey, parseObjectKey } from '../resources/object-key.ts';
import type { Clock } from '../time/clock.ts';
import { toMilliseconds, type Milliseconds } from '../time/units.ts';
import type { Store } from './act.ts';
import { KeyUsers } from './key-users.ts';
import { readOnlyStore, roundStore } from './guarded-store.ts';
import { WorkQueue } from './queue.ts';
import type { RunResult, Work } from './work.ts';
import { lookAtJwt, reconcileJwt, type Reconciler } from './reconcile-jwt.ts';

const SETTLE_POLL_MS = 20;

/** What a controller works with, and what it calls with a bug. */
export interface ControllerOptions {
  readonly reconciler: Omit<Reconciler, 'now' | 'onBug'>;
  readonly clock: Clock;
  /** JWTs worked on at once. */
  readonly workers: number;
  /** Called with a bug: a round threw something that is not a refusal of the API server, or did not end. */
  readonly onBug: (key: string, error: unknown) => void;
}

/** Turns changes from the watches into reconcile rounds for the JWTs they concern. It works only between `start` and `stop`. */
export interface Controller {
  /** A JWT was added (`before` undefined), changed, or deleted (`after` undefined). */
  jwtChanged(before: Jwt | undefined, after: Jwt | undefined): void;
  /**
   * A JWT that was there before. To be called with each of them before `start`: one that needs nothing is not put into the
   * queue. False once the controller was stopped.
   */
  addKnown(jwt: Jwt): boolean;
  /** A Secret was added, changed or deleted: it concerns the JWT of its name, and those that sign with a key in it. */
  secretChanged(namespace: string, name: string): void;
  /** JWTs that wait for a worker. */
  depth(): number;
  start(): void;
  /** Resolves to true when no JWT waits or is being worked on; to false if the controller was stopped before. */
  settle(): Promise<boolean>;
  /** Begins no more rounds; resolves when those that are under way have ended, or were given up. */
  stop(): Promise<void>;
}

/** A controller for one term of leadership. Nothing happens before `start`. */
export function createController({ reconciler, clock, workers, onBug }: ControllerOptions): Controller {
  const { sources, legacyKeyNamespace } = reconciler.observer;
  const stopping = new AbortController();
  const keyUsers = new KeyUsers();
  const lookStore = readOnlyStore(reconciler.store);
  const reconcilerOf = (key: string, store: Store): Reconciler => ({
    ...reconciler,
    store,
    now: () => clock.now(),
    onBug: (error: unknown) => onBug(key, error),
  });
  const queue = new WorkQueue({
    clock,
    workers,
    onError: onBug,
    process: async (key, isGivenUp, retryAt): Promise<RunResult> => {
      const { namespace, name } = parseObjectKey(key);
      const jwt = sources.jwt(namespace, name);
      if (jwt === undefined) return { next: 'forget' };
      const store = roundStore(reconciler.store, isGivenUp);
      const round = await reconcileJwt(reconcilerOf(key, store), jwt, retryAt);
      return round.next === 'retry'
        ? round
        : { ...round, expiresAt: expiryOf(sources.jwt(namespace, name) ?? jwt) };
    },
  });
  const enqueue = (jwt: Jwt, priority: Work['priority'], key = objectKey(jwt)): void => {
    queue.add(key, { priority, expiresAt: expiryOf(jwt) });
  };
  /** The Secret with the key of the JWT, as `namespace/name`; `undefined`: it has none, or its spec cannot be served. */
  const keySecretOf = (jwt: Jwt): string | undefined => {
    const reference = jwt.spec.ok ? locateKey(jwt, jwt.spec.value.key, legacyKeyNamespace) : undefined;
    return reference === undefined ? undefined : objectKey(reference);
  };

  return {
    jwtChanged(before, after) {
      if (before !== undefined && after !== undefined && isStatusAlone(before, after)) {
        // The watch also reports our own writes: they must not end a back-off, nor cause one round after the other.
        if (!queue.isBusy(objectKey(after))) enqueue(after, 'resync');
        return;
      }
      if (before !== undefined) keyUsers.remove(objectKey(before), keySecretOf(before));
      if (after === undefined) {
        if (before === undefined) return;
        queue.forget(objectKey(before));
        return;
      }
      const key = objectKey(after); // one text, which the queue and the key's users keep
      keyUsers.add(key, keySecretOf(after));
      enqueue(after, before === undefined ? 'new' : 'changed', key);
    },
    addKnown(jwt) {
      const key = objectKey(jwt);
      keyUsers.add(key, keySecretOf(jwt));
      const round = lookAtJwt(reconcilerOf(key, lookStore), jwt);
      if (round?.next === 'look') queue.planLook(key, { ...round, expiresAt: expiryOf(jwt) });
      else enqueue(jwt, 'new', key);
      return !stopping.signal.aborted;
    },
    secretChanged(namespace, name) {
      const secret = objectKey({ namespace, name });
      for (const key of [secret, ...keyUsers.of(secret)]) {
        const user = parseObjectKey(key);
        const jwt = sources.jwt(user.namespace, user.name);
        if (jwt !== undefined) enqueue(jwt, 'changed');
      }
    },
    depth: () => queue.depth,
    start: () => queue.start(),
    settle: async () => {
      while (!stopping.signal.aborted) {
        if (queue.depth + queue.inFlight === 0) return true;
        await clock.sleep(SETTLE_POLL_MS, stopping.signal);
      }
      return false;
    },
    stop: () => {
      stopping.abort();
      return queue.stop();
    },
  };
}

/** Somebody wrote the status and nothing else. */
function isStatusAlone(before: Jwt, after: Jwt): boolean {
  const isWiped = after.recorded.observedGeneration === undefined; // every status of ours has it
  return (
    !isWiped &&
    before.uid === after.uid &&
    before.generation === after.generation &&
    before.isDeleting === after.isDeleting &&
    isDeepStrictEqual(
      [before.labels, before.annotations, before.finalizers],
      [after.labels, after.annotations, after.finalizers],
    )
  );
}

/** When the published token expires, as the status says. */
function expiryOf({ recorded: { expiresAt } }: Jwt): Milliseconds | undefined {
  return toMilliseconds(expiresAt);
}
