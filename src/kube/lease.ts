import { member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { APP } from '../resources/names.ts';
import { Cache } from './cache.ts';
import type { KubeClient } from './client.ts';
import { isConflict, isNotFound } from './errors.ts';
import { startListWatch } from './list-watch.ts';
import { formatMicroTime } from '../time/format-time.ts';
import type { Clock } from '../time/clock.ts';
import type { Log } from './log.ts';
import { resourcePath, type Resource } from './resource-path.ts';

/** Which Lease, and how to reach it. */
export interface LeaseOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'mergePatch' | 'listMapped' | 'watch'>;
  readonly namespace: string;
  /** `jwt-injector` unless told. */
  readonly name?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the Lease says (coordination.k8s.io/v1). Fits the leader's `LeaseState`. */
interface State {
  readonly holder: string;
  readonly durationMs: number;
  readonly transitions: number;
  readonly acquireTime: string | undefined;
  readonly resourceVersion: string;
}

type Claim = Pick<State, 'holder' | 'durationMs' | 'transitions'>;

const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

/** One Lease object, for the leader: watched by its name alone, written only over the state that was seen. */
export function accessLease({ client, namespace, name = APP, clock, log }: LeaseOptions) {
  const collection = resourcePath(LEASES, { namespace });
  const path = resourcePath(LEASES, { namespace, name });
  // What is written or read goes in here too, so that the watch's echo of an older state changes nothing.
  const store = new Cache<State>({});
  const keep = (object: JsonObject): State => {
    const state = readState(object);
    store.set(`${namespace}/${name}`, state.resourceVersion, state, 'watch');
    return state;
  };
  return {
    watch: (onSeen: (state: State | undefined) => void): { stop(): Promise<void> } => {
      const watch = startListWatch({
        client,
        path: collection,
        query: { fieldSelector: `metadata.name=${name}` },
        transform: readState,
        store,
        clock,
        log,
      });
      const end = store.subscribe((change) => onSeen(change.type === 'deleted' ? undefined : change.value));
      const tellIfAbsent = async (): Promise<void> => {
        if ((await watch.synced) && store.size === 0) onSeen(undefined);
      };
      void tellIfAbsent();
      return {
        stop: () => {
          end();
          return watch.stop();
        },
      };
    },
    read: async (deadlineMs: number): Promise<State | undefined> => {
      try {
        return keep(await client.get(path, { deadlineMs }));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    write: async (claim: Claim, over: State | undefined, deadlineMs: number): Promise<State | undefined> => {
      const spec = toSpec(claim, over, clock.now());
      try {
        const stored =
          over === undefined
            ? await client.create(
                collection,
                {
                  apiVersion: 'coordination.k8s.io/v1',
                  kind: 'Lease',
                  metadata: { name, namespace },
                  spec,
                },
                { deadlineMs },
              )
            : await client.mergePatch(
                path,
                { metadata: { resourceVersion: over.resourceVersion }, spec },
                { deadlineMs },
              );
        return keep(stored);
      } catch (error) {
        if (isConflict(error) || isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
}

function toSpec(claim: Claim, over: State | undefined, now: number): JsonObject {
  const time = formatMicroTime(now);
  return {
    holderIdentity: claim.holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(claim.durationMs / 1000)),
    leaseTransitions: claim.transitions,
    acquireTime: claim.holder === over?.holder ? (over.acquireTime ?? time) : time,
    renewTime: time,
  };
}

function readState(lease: JsonObject): State {
  const spec = objectMember(lease, 'spec');
  const seconds = member(spec, 'leaseDurationSeconds');
  const transitions = member(spec, 'leaseTransitions');
  return {
    holder: stringMember(spec, 'holderIdentity') ?? '',
    durationMs: typeof seconds === 'number' ? seconds * 1000 : 0,
    transitions: typeof transitions === 'number' ? transitions : 0,
    acquireTime: stringMember(spec, 'acquireTime'),
    resourceVersion: stringMember(objectMember(lease, 'metadata'), 'resourceVersion') ?? '',
  };
}
