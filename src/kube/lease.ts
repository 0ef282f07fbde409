import { member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { APP } from '../resources/names.ts';
import type { Clock } from '../time/clock.ts';
import { formatMicroTime, parseTime } from '../time/format-time.ts';
import { toMilliseconds, toSeconds, type Milliseconds, type Seconds } from '../time/units.ts';
import { Cache } from './watch/cache.ts';
import type { KubeClient } from './client.ts';
import { isConflict, isNotFound } from './errors.ts';
import { findObject } from './find-object.ts';
import { startListWatch } from './watch/list-watch.ts';
import type { Log } from './log.ts';
import { LEASES } from './known-resources.ts';
import { resourcePath } from './resource-path.ts';

/** The content of the Lease (coordination.k8s.io/v1). */
export interface LeaseState {
  /** Empty when nobody holds it. */
  readonly holder: string;
  /** How long it is valid after it was renewed. */
  readonly duration: Milliseconds;
  /** How often it changed hands. */
  readonly transitions: number;
  /** The text as on the wire. */
  readonly acquireTime: string | undefined;
  readonly resourceVersion: string;
}

/** The content of a Lease that people are shown. */
export interface ReportedLease extends LeaseState {
  /** The time by the clock of its holder, so no replica relies on it; `undefined` when it was never renewed. */
  readonly renewedAt: Seconds | undefined;
}

/** The Lease to write. `acquireTime` is that of the state written over, or now when the holder changes. */
export type LeaseClaim = Pick<LeaseState, 'holder' | 'duration' | 'transitions'>;

/** One Lease object: watched by its name alone, written only over the state that was seen. */
export interface LeaseAccess {
  /** Calls `onSeen` with the current state, soon and at each change; `undefined` when no Lease exists. */
  watch(onSeen: (state: LeaseState | undefined) => void): { stop(): Promise<void> };
  /** Asks the API server. Gives what `watch` showed meanwhile if that is newer. Rejects with a KubeError. */
  read(deadline: Milliseconds): Promise<LeaseState | undefined>;
  /**
   * Writes over exactly that state; creates the Lease over `undefined`. Resolves to `undefined` if another replica was faster,
   * and to what another one has written since, if `watch` showed that before the answer came. Rejects with a KubeError, NotFound
   * only where the namespace does not exist.
   */
  write(
    claim: LeaseClaim,
    replaced: LeaseState | undefined,
    deadline: Milliseconds,
  ): Promise<LeaseState | undefined>;
}

interface LeaseOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'mergePatch' | 'listMapped' | 'watch'>;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The Lease, watched and written. Nothing is asked before the first call; `read` and `write` throw KubeErrors. */
export function accessLease({ client, namespace, clock, log }: LeaseOptions): LeaseAccess {
  const collection = resourcePath(LEASES, { namespace });
  const path = resourcePath(LEASES, { namespace, name: APP });
  const key = `${namespace}/${APP}`;
  // Values that are written or read go in here too, so that the watch's echo of an older state changes nothing.
  const store = new Cache<LeaseState>();
  /** The newest state after an answer; `before`: the newest one when it was asked for. */
  const keep = (object: JsonObject, before: LeaseState | undefined): LeaseState | undefined => {
    const state = readState(object);
    // Newer than what was known then, whatever its version says: those of an etcd that was restored begin again at a lower one.
    if (before !== undefined && store.get(key) === before) store.set(key, state.resourceVersion, state);
    else store.remember(key, state.resourceVersion, state);
    return store.get(key);
  };
  return {
    watch: (onSeen) => {
      const watch = startListWatch({
        client,
        path: collection,
        query: { fieldSelector: `metadata.name=${APP}` },
        transform: readState,
        store,
        clock,
        log,
      });
      const end = store.subscribe((change) => onSeen(change.type === 'deleted' ? undefined : change.value));
      const reportAbsence = async (): Promise<void> => {
        if ((await watch.synced) && store.size === 0) onSeen(undefined);
      };
      void reportAbsence();
      return {
        stop: () => {
          end();
          return watch.stop();
        },
      };
    },
    read: async (deadline) => {
      const before = store.get(key);
      const found = await findObject(client, path, { deadline });
      if (found !== undefined) return keep(found, before);
      const after = store.get(key);
      return after === before ? undefined : after;
    },
    write: async (claim, replaced, deadline) => {
      const before = store.get(key);
      const spec = toSpec(claim, replaced, clock.now());
      try {
        const stored =
          replaced === undefined
            ? await client.create(
                collection,
                { ...LEASE, metadata: { name: APP, namespace }, spec },
                { deadline },
              )
            : await client.mergePatch(
                path,
                { metadata: { resourceVersion: replaced.resourceVersion }, spec },
                { deadline },
              );
        return keep(stored, before);
      } catch (error) {
        const isGone = replaced !== undefined && isNotFound(error);
        if (isConflict(error) || isGone) return undefined;
        throw error;
      }
    },
  };
}

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

function toSpec(claim: LeaseClaim, replaced: LeaseState | undefined, now: Milliseconds): JsonObject {
  const time = formatMicroTime(now);
  return {
    holderIdentity: claim.holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(toSeconds(claim.duration))), // the API server takes no other
    leaseTransitions: claim.transitions,
    acquireTime: claim.holder === replaced?.holder ? (replaced.acquireTime ?? time) : time,
    renewTime: time,
  };
}

/** Reads the wire object for people. */
export function readLease(lease: JsonObject): ReportedLease {
  return { ...readState(lease), renewedAt: parseTime(member(objectMember(lease, 'spec'), 'renewTime')) };
}

function readState(lease: JsonObject): LeaseState {
  const spec = objectMember(lease, 'spec');
  const seconds = member(spec, 'leaseDurationSeconds');
  const transitions = member(spec, 'leaseTransitions');
  return {
    holder: stringMember(spec, 'holderIdentity') ?? '',
    duration: typeof seconds === 'number' ? toMilliseconds(seconds) : 0,
    transitions: typeof transitions === 'number' ? transitions : 0,
    acquireTime: stringMember(spec, 'acquireTime'),
    resourceVersion: stringMember(objectMember(lease, 'metadata'), 'resourceVersion') ?? '',
  };
}
