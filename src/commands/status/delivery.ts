import { SEEN_AFTER_NUDGE } from '../../delivery/nudge.ts';
import { REFRESHED_WITHIN } from '../../resources/kubelet.ts';
import type { Seconds } from '../../time/units.ts';
import type { FixedMount, PodMounts, SecretMounts } from './pod-mounts.ts';

/** The token that a container with a mount by `subPath` has. */
type FixedMountToken = 'present' | 'older' | 'not known';

/** The state of the current token in a pod, by the times of the cluster and the pace of the kubelet. */
export interface PodDelivery {
  /**
   * `delivered`: it has it. `due`: it will have it by `dueBy` at the latest. `starting`: no container has started.
   * `neverRefreshed`: all its mounts are by `subPath`. `waiting`: there is no token yet.
   */
  readonly state: 'delivered' | 'due' | 'starting' | 'neverRefreshed' | 'waiting';
  /** Seconds since the epoch. */
  readonly dueBy: Seconds | undefined;
  /** Containers that never see a renewal, however the others get theirs. */
  readonly neverRefreshed: readonly { readonly container: string; readonly token: FixedMountToken }[];
}

/** `issuedAt` is that of the current token, `undefined` without a token; all times in seconds since the epoch. */
export function judgeDelivery(
  pod: Pick<PodMounts, 'isRunning' | 'startedAt' | 'nudgedAt'>,
  { isRefreshed, fixed }: SecretMounts,
  issuedAt: Seconds | undefined,
  now: Seconds,
): PodDelivery {
  if (issuedAt === undefined) return { state: 'waiting', dueBy: undefined, neverRefreshed: [] };
  const seenBy = seenAt(issuedAt, pod.nudgedAt);
  const isYounger = pod.startedAt !== undefined && pod.startedAt > issuedAt;
  const neverRefreshed = fixed.map((mount) => ({
    container: mount.container,
    token: isYounger && mount.startedAt !== undefined ? 'present' : judgeFixed(mount, issuedAt, seenBy),
  }));
  const common = { dueBy: undefined, neverRefreshed };
  if (!pod.isRunning) return { ...common, state: 'starting' };
  if (!isRefreshed) return { ...common, state: 'neverRefreshed' };
  if (isYounger || now >= seenBy) return { ...common, state: 'delivered' };
  return { ...common, state: 'due', dueBy: seenBy };
}

/** When the kubelet must have brought the token to the volume. */
function seenAt(issuedAt: Seconds, nudgedAt: Seconds | undefined): Seconds {
  const byItself = issuedAt + REFRESHED_WITHIN;
  return nudgedAt === undefined || nudgedAt < issuedAt
    ? byItself
    : Math.min(byItself, nudgedAt + SEEN_AFTER_NUDGE);
}

/** A container that starts again gets what the kubelet has in the volume by then. */
function judgeFixed({ startedAt }: FixedMount, issuedAt: Seconds, seenBy: Seconds): FixedMountToken {
  if (startedAt === undefined) return 'not known';
  if (startedAt < issuedAt) return 'older';
  return startedAt >= seenBy ? 'present' : 'not known';
}
