import { objectKey } from '../../resources/object-key.ts';
import { formatTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { judgeDelivery, type PodDelivery } from './delivery.ts';
import type { HeldFile } from './held-token.ts';
import type { JwtState } from './jwt-state.ts';
import type { PodMounts } from './pod-mounts.ts';

/** The objects that were read in the cluster. `pods` is `undefined` when the caller is not allowed to list them. */
export interface Seen {
  readonly jwts: Iterable<JwtState>;
  readonly pods: Iterable<PodMounts> | undefined;
  /** The objects that the caller is not allowed to read, each a line for people. */
  readonly notes: readonly string[];
  /** The only namespace that was read; `undefined`: all were. */
  readonly namespace: string | undefined;
  /** Whether all namespaces were asked for, and the caller may not list them. */
  readonly othersForbidden?: true | undefined;
  /** The files that were read in the pods, if they were, by `heldKey`. */
  readonly held?: ReadonlyMap<string, readonly HeldFile[]>;
}

/** The key of one Secret in one pod. */
export function heldKey({ namespace, name }: Pick<PodMounts, 'namespace' | 'name'>, secret: string): string {
  return `${namespace}/${name}/${secret}`;
}

/** All that `status` shows, as `-o json` prints it. Times in RFC 3339. */
export interface StatusReport {
  /** The JWT whose token expires first comes first; before it those without a token. */
  readonly jwts: readonly JwtStatus[];
  /** The only one that is shown; `undefined`: all are. */
  readonly namespace: string | undefined;
  readonly othersForbidden: true | undefined;
  readonly notes: readonly string[];
}

/** One JWT with the pods that mount its token. */
export interface JwtStatus extends Pick<
  JwtState,
  'namespace' | 'name' | 'ready' | 'reason' | 'message' | 'tokenId'
> {
  readonly issuedAt: string | undefined;
  readonly expiresAt: string | undefined;
  /** Until it expires; negative since it has. */
  readonly remainingSeconds: Seconds | undefined;
  /** The part of its life that is left, 0 to 100. */
  readonly remainingPercent: number | undefined;
  readonly renewsAt: string | undefined;
  /** `undefined` when the caller is not allowed to list them. */
  readonly pods: readonly PodStatus[] | undefined;
}

/** One pod, and what it has of the current token: see `PodDelivery`. */
export interface PodStatus {
  readonly name: string;
  readonly delivery: PodDelivery['state'];
  readonly dueBy: string | undefined;
  readonly neverRefreshed: PodDelivery['neverRefreshed'];
  /** The contents of its files; `undefined` when they were not read. */
  readonly files: readonly HeldFile[] | undefined;
}

/** Puts JWTs and pods together; `now` in seconds since the epoch. */
export function reportStatus(
  { jwts, pods, notes, namespace, othersForbidden, held }: Seen,
  now: Seconds,
): StatusReport {
  const mounting = pods && { pods: byToken(pods), held };
  return {
    jwts: [...jwts].toSorted(byExpiry).map((jwt) => reportJwtStatus(jwt, mounting, now)),
    namespace,
    othersForbidden,
    notes,
  };
}

/** Whether every token can be used. */
export function isAllWell({ jwts }: StatusReport): boolean {
  return jwts.every(({ ready, remainingSeconds = 0 }) => ready === 'True' && remainingSeconds > 0);
}

interface Mounting {
  readonly pods: ReadonlyMap<string, readonly PodMounts[]>;
  readonly held: Seen['held'];
}

function byToken(pods: Iterable<PodMounts>): Mounting['pods'] {
  const found = new Map<string, PodMounts[]>();
  for (const pod of pods) {
    for (const name of pod.secrets.keys()) {
      const key = objectKey({ namespace: pod.namespace, name });
      const known = found.get(key);
      if (known === undefined) found.set(key, [pod]);
      else known.push(pod);
    }
  }
  return found;
}

function byExpiry(one: JwtState, other: JwtState): number {
  const difference = (one.expiresAt ?? 0) - (other.expiresAt ?? 0);
  return difference === 0 ? compareText(objectKey(one), objectKey(other)) : difference;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function reportJwtStatus(jwt: JwtState, mounting: Mounting | undefined, now: Seconds): JwtStatus {
  const { issuedAt, expiresAt, renewsAt, ...kept } = jwt;
  const remaining = expiresAt === undefined ? undefined : Math.floor(expiresAt - now);
  const life = expiresAt === undefined || issuedAt === undefined ? 0 : expiresAt - issuedAt;
  return {
    ...kept,
    issuedAt: formatOptional(issuedAt),
    expiresAt: formatOptional(expiresAt),
    remainingSeconds: remaining,
    remainingPercent:
      remaining === undefined || life <= 0
        ? undefined
        : Math.round(Math.min(1, Math.max(0, remaining / life)) * 100),
    renewsAt: formatOptional(renewsAt),
    pods: mounting && reportPods(jwt, mounting, now),
  };
}

function reportPods(jwt: JwtState, { pods, held }: Mounting, now: Seconds): readonly PodStatus[] {
  return (pods.get(objectKey(jwt)) ?? [])
    .toSorted((one, other) => compareText(one.name, other.name))
    .flatMap((pod) => {
      const mounts = pod.secrets.get(jwt.name);
      if (mounts === undefined) return [];
      const { state, dueBy, neverRefreshed } = judgeDelivery(pod, mounts, jwt.issuedAt, now);
      const files = held?.get(heldKey(pod, jwt.name));
      return [{ name: pod.name, delivery: state, dueBy: formatOptional(dueBy), neverRefreshed, files }];
    });
}

function formatOptional(time: Seconds | undefined): string | undefined {
  return time === undefined ? undefined : formatTime(time);
}
