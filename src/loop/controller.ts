import { isDeepStrictEqual } from 'node:util';
import { WorkQueue } from '../queue/queue.ts';
import type { Priority, RoundResult } from '../queue/work.ts';
import type { KeyUser } from '../reconcile/describe-conflict.ts';
import { locateKeyOfAny } from '../reconcile/key-access.ts';
import type { Jwt } from '../resources/jwt.ts';
import { objectKey, parseObjectKey, type ObjectName } from '../resources/object-key.ts';
import type { Clock } from '../time/clock.ts';
import { MAX_RESYNC_MS } from '../time/max-resync.ts';
import { toSeconds, type Seconds } from '../time/units.ts';
import type { Store } from './act.ts';
import { KeyUsers } from './key-users.ts';
import { roundStore } from './guarded-store.ts';
import { reconcileJwt } from './reconcile-jwt.ts';
import type { Reconciler } from './round.ts';
import { expiryOf, skipRound } from './skip-round.ts';

interface ControllerOptions {
  readonly reconciler: Omit<Reconciler, 'now' | 'onBug'>;
  readonly clock: Clock;
  /** JWTs worked on at once. */
  readonly workers: number;
  /** Called with a bug: a round threw something that is not a refusal of the API server, or did not end. */
  readonly onBug: (jwtKey: string, error: unknown) => void;
}

/** Turns changes from the watches into reconcile rounds for the JWTs they concern. It works only between `start` and `stop`. */
export interface Controller {
  /** A JWT was added (`before` undefined), changed, or deleted (`after` undefined). */
  jwtChanged(before: Jwt | undefined, after: Jwt | undefined): void;
  /**
   * A JWT that was there before; what counts is its state by now. To be called with each of them before `start`: one that
   * needs nothing is not put into the queue. False once the controller was stopped.
   */
  addAtStart(jwt: Jwt): boolean;
  /** A Secret was added, changed or deleted: it concerns the JWT of its name, and those that sign with a key in it. */
  secretChanged(namespace: string, name: string): void;
  /** How many JWTs wait for a worker. */
  depth(): number;
  start(): void;
  /** Resolves to true when no JWT waits or is being worked on; to false if the controller was stopped before. */
  settle(): Promise<boolean>;
  /** Begins no more rounds; resolves when the running ones have ended, or were given up. */
  stop(): Promise<void>;
}

/** A controller for one term of leadership. Nothing happens before `start`. */
export function createController({ reconciler, clock, workers, onBug }: ControllerOptions): Controller {
  const { sources, legacyKeyNamespace } = reconciler.observer;
  let isStopped = false;
  const keyUsers = new KeyUsers();
  const observer = {
    ...reconciler.observer,
    findKeyUser: (jwt: ObjectName) => findUserOfSecret(keyUsers, jwt),
  };
  const { memory, recorder } = reconciler;
  const looker = { observer, memory, recorder, now: () => clock.now() };
  const reconcilerOf = (jwtKey: string, store: Store): Reconciler => ({
    ...reconciler,
    observer,
    store,
    now: () => clock.now(),
    onBug: (error: unknown) => onBug(jwtKey, error),
  });
  const queue = new WorkQueue({
    clock,
    workers,
    resyncPeriod: MAX_RESYNC_MS,
    onError: onBug,
    skip: (jwtKey, last) => {
      const { namespace, name } = parseObjectKey(jwtKey);
      const jwt = sources.jwt(namespace, name);
      return jwt === undefined ? undefined : skipRound(looker, jwt, last);
    },
    reconcile: (jwtKey, isGivenUp, nextAttemptAt) => {
      const store = roundStore(reconciler.store, isGivenUp);
      return work(reconcilerOf(jwtKey, store), jwtKey, toSeconds(nextAttemptAt));
    },
  });
  const enqueue = (jwt: Jwt, priority: Priority, jwtKey = objectKey(jwt)): void => {
    queue.add(jwtKey, { priority, expiresAt: expiryOf(jwt) });
  };
  /** The JWT named like a Secret of a key: if the Secret is not its own, the remedy depends on who signs with the key. */
  const enqueueNamesake = (secret: string | undefined): void => {
    if (secret === undefined) return;
    const { namespace, name } = parseObjectKey(secret);
    const jwt = sources.jwt(namespace, name);
    if (jwt !== undefined) enqueue(jwt, 'changed');
  };

  return {
    jwtChanged(before, after) {
      if (before !== undefined && after !== undefined && isStatusAlone(before, after)) {
        // The watch also reports our own writes: they must not end a back-off, nor cause one round after the other.
        if (!queue.isBusy(objectKey(after))) enqueue(after, 'resync');
        return;
      }
      const [keyBefore, keyAfter] = [before, after].map((jwt) =>
        jwt === undefined ? undefined : keySecretOf(jwt, legacyKeyNamespace),
      );
      if (before !== undefined) keyUsers.remove(objectKey(before), keyBefore);
      if (after === undefined && before !== undefined) queue.forget(objectKey(before));
      if (after !== undefined) {
        const jwtKey = objectKey(after); // one text, which the queue and the key's users keep
        keyUsers.add(jwtKey, keyAfter);
        enqueue(after, before === undefined ? 'new' : 'changed', jwtKey);
      }
      if (keyBefore !== keyAfter) [keyBefore, keyAfter].forEach(enqueueNamesake);
    },
    addAtStart(listed) {
      // Since the list was made it may have changed or gone, and `jwtChanged` have taken note of that.
      const jwt = sources.jwt(listed.namespace, listed.name);
      if (jwt === undefined) return !isStopped;
      const jwtKey = objectKey(jwt);
      keyUsers.add(jwtKey, keySecretOf(jwt, legacyKeyNamespace));
      const result = skipRound(looker, jwt);
      if (result === undefined) enqueue(jwt, 'new', jwtKey);
      else queue.wakeAsAfterRound(jwtKey, result);
      return !isStopped;
    },
    secretChanged(namespace, name) {
      const secret = objectKey({ namespace, name });
      for (const jwtKey of [secret, ...keyUsers.of(secret)]) {
        const user = parseObjectKey(jwtKey);
        const jwt = sources.jwt(user.namespace, user.name);
        if (jwt !== undefined) enqueue(jwt, 'changed');
      }
    },
    depth: () => queue.depth(),
    start: () => queue.start(),
    settle: async () => {
      await queue.idle();
      return !isStopped;
    },
    stop: () => {
      isStopped = true;
      return queue.stop();
    },
  };
}

/** JWTs of other namespaces are not named: who may use the key is said by its Secret. */
function findUserOfSecret(keyUsers: KeyUsers, jwt: ObjectName): KeyUser | undefined {
  for (const user of keyUsers.of(objectKey(jwt))) {
    const { namespace, name } = parseObjectKey(user);
    if (namespace === jwt.namespace && name !== jwt.name) return { jwt: `JWT ${name}` };
  }
  return undefined;
}

/** One round for the JWT of that key; `nextAttemptAt` as of `reconcileJwt`. */
async function work(reconciler: Reconciler, jwtKey: string, nextAttemptAt: Seconds): Promise<RoundResult> {
  const { sources } = reconciler.observer;
  const { namespace, name } = parseObjectKey(jwtKey);
  const jwt = sources.jwt(namespace, name);
  if (jwt === undefined) return { next: 'forget' };
  const result = await reconcileJwt(reconciler, jwt, nextAttemptAt);
  return result.next === 'wait'
    ? { ...result, expiresAt: expiryOf(sources.jwt(namespace, name) ?? jwt) }
    : result;
}

/** The Secret with the key of the JWT, as `namespace/name`; `undefined`: it has none. */
function keySecretOf(jwt: Jwt, legacyKeyNamespace: string | undefined): string | undefined {
  const reference = locateKeyOfAny(jwt, legacyKeyNamespace);
  return reference === undefined ? undefined : objectKey(reference);
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
