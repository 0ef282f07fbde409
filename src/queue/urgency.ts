import type { Milliseconds } from '../time/units.ts';

/** The values by which waiting keys are ordered, the most urgent first. Times as in `Work`. */
export interface Urgency {
  /** Its priority; the lowest goes first. */
  readonly rank: number;
  readonly expiresAt: Milliseconds;
  readonly sequence: number;
}

/** Whether `a` goes before `b`: by priority, then the soonest to expire, then who came first. */
export function isMoreUrgent(a: Urgency, b: Urgency): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.sequence < b.sequence);
}
