import type { LaneBounds } from './lane-bounds.ts';
import { wasOnlySlow, type Suspect } from './suspect.ts';
import { isDue } from './urgency.ts';

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
}

/**
 * Whether the round of this suspect may begin beside those that run, of which `ofItsNamespace` are of its namespace: within the
 * limit of suspects; beyond it, a renewal whose last round was only slow, up to the share of its namespace. Those of others do
 * not hold it up: under an API server that answers everybody late, that a key was slow says nothing about it. An example: of 32
 * workers the limit leaves 4, all taken by failing JWTs of one namespace. Eight slow renewals of another begin anyway.
 */
export function hasRoomForSuspect(
  { bounds, limit, running, isFreshWaiting }: SuspectsAtWork,
  suspect: Suspect,
  ofItsNamespace: number,
): boolean {
  const most = isFreshWaiting ? Math.max(1, bounds.limited - bounds.reserved) : bounds.limited;
  if (running >= most) return false;
  if (running < limit) return true;
  const share = Math.max(1, Math.floor(bounds.workers * NAMESPACE_SHARE));
  return wasOnlySlow(suspect) && isDue(suspect) && ofItsNamespace < share;
}
