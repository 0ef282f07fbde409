import { objectKey } from '../../resources/object-key.ts';
import { formatTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { judgeDelivery, type Delivery } from './delivery.ts';
import type { JwtState } from './jwt-state.ts';
import type { PodMounts } from './pod-mounts.ts';

/** What was read of the cluster. `pods` is `undefined` when the caller may not list them. */
export interface Seen {
  readonly jwts: Iterable<JwtState>;
  readonly pods: Iterable<PodMounts> | undefined;
  /** What the caller may not read, each a line for people. */
  readonly notes: readonly string[];
}

/** All that `status` shows, as `-o json` prints it. Times in RFC 3339. */
export interface StatusReport {
  /** What expires first comes first; before them what has no token. */
  readonly jwts: readonly JwtStatus[];
  readonly notes: readonly string[];
}

/** One JWT with the pods that mount its token. */
export interface JwtStatus {
  readonly namespace: string;
  readonly name: string;
  /** Of the condition Ready: `True`, `False`, `Unknown`; `Pending` when there is no status yet. */
  readonly ready: string;
  readonly reason: string;
  readonly message: string;
  readonly tokenId: string | undefined;
  readonly issuedAt: string | undefined;
  readonly expiresAt: string | undefined;
  /** Until it expires; negative since it has. */
  readonly remainingSeconds: number | undefined;
  /** What is left of its life, 0 to 100. */
  readonly remainingPercent: number | undefined;
  readonly renewsAt: string | undefined;
  /** `undefined` when the caller may not list them. */
  readonly pods: readonly PodStatus[] | undefined;
}

/** One pod, and what it has of the present token: see `Delivery`. */
export interface PodStatus {
  readonly name: string;
  readonly delivery: Delivery['state'];
  readonly dueBy: string | undefined;
  readonly neverRefreshed: Delivery['neverRefreshed'];
}

/** Puts JWTs and pods together; `now` in seconds since the epoch. */
export function reportOn({ jwts, pods, notes }: Seen, now: Seconds): StatusReport {
  const mounting = pods === undefined ? undefined : byToken(pods);
  return {
    jwts: [...jwts].toSorted(byExpiry).map((jwt) => describeJwt(jwt, mounting, now)),
    notes,
  };
}

/** Whether every token can be used. */
export function isAllWell({ jwts }: StatusReport): boolean {
  return jwts.every(({ ready, remainingSeconds = 0 }) => ready === 'True' && remainingSeconds > 0);
}

type Mounting = ReadonlyMap<string, readonly PodMounts[]>;

function byToken(pods: Iterable<PodMounts>): Mounting {
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

function describeJwt(jwt: JwtState, mounting: Mounting | undefined, now: Seconds): JwtStatus {
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
    pods: mounting && describePods(jwt, mounting.get(objectKey(jwt)) ?? [], now),
  };
}

function describePods(jwt: JwtState, pods: readonly PodMounts[], now: Seconds): readonly PodStatus[] {
  return pods
    .toSorted((one, other) => compareText(one.name, other.name))
    .flatMap((pod) => {
      const mounts = pod.secrets.get(jwt.name);
      if (mounts === undefined) return [];
      const { state, dueBy, neverRefreshed } = judgeDelivery(pod, mounts, jwt.issuedAt, now);
      return [{ name: pod.name, delivery: state, dueBy: formatOptional(dueBy), neverRefreshed }];
    });
}

function formatOptional(time: Seconds | undefined): string | undefined {
  return time === undefined ? undefined : formatTime(time);
}
