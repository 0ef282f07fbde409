import type { LaneBounds, Suspect } from './choose-lane.ts';

/** The share of workers that due suspects of one namespace that were only slow may have, whatever the limit of suspects is. */
const NAMESPACE_SHARE = 0.25;

/** The facts that decide whether a suspect has room. */
interface SuspectsAtWork {
  readonly bounds: LaneBounds;
  /** How many suspects may be worked on, by how their last rounds went (`SuspectLimit`). */
  readonly limit: number;
  /** The running rounds of suspects. */
  readonly running: number;
  /** Whether a fresh key waits, which has its share beside them. */
  readonly isFreshWaiting: boolean;
  /** The rank of keys that were never worked on: what ranks before it is due. */
  readonly newRank: number;
}

/**
 * Whether the round of this suspect may begin beside those that run, of which `ofItsNamespace` are of its namespace. Those of
 * others do not hold up a renewal of a namespace with few: under an API server that answers everybody late, that a key was slow
 * says nothing about it.
 */
export function hasRoomForSuspect(
  { bounds, limit, running, isFreshWaiting, newRank }: SuspectsAtWork,
  suspect: Suspect,
  ofItsNamespace: number,
): boolean {
  const most = isFreshWaiting ? Math.max(1, bounds.limited - bounds.reserved) : bounds.limited;
  if (running < Math.min(most, limit)) return true;
  const wasOnlySlow = suspect.failingSince === Number.POSITIVE_INFINITY;
  const share = Math.max(1, Math.floor(bounds.workers * NAMESPACE_SHARE));
  return wasOnlySlow && suspect.rank < newRank && ofItsNamespace < share && running < most;
}
