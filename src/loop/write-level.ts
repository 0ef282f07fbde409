import { backoffDelay, MANY_TRIES } from '../time/backoff.ts';
import { toSeconds, type Seconds } from '../time/units.ts';

/** How many unscheduled writes of one JWT may be made without a wait: edits of its author, repairs, a deleted Secret. */
export const BURST = 5; // what docs/tokens.md promises, as the longest wait
/** More writes than that change nothing: the wait is the longest by then. */
const MAX_LEVEL = BURST + 10;
/** One write is forgotten after so long without another one. */
const FORGET_AFTER: Seconds = 60;

/** Unscheduled writes of one Secret. */
export interface CountedWrites {
  /** How many were not forgotten when the last was made. */
  readonly level: number;
  /** When that was, in seconds since the epoch. */
  readonly at: Seconds;
}

/**
 * How many unscheduled writes count at `now`: quiet that is longer than twice the wait gives them back, one a minute.
 * An example: after five writes at once the sixth has to wait 1.25 s (`waitOf(5)`). If nobody writes, four count from
 * 62.5 s on, three from 122.5 s on. If somebody makes the sixth as soon as it is allowed, the seventh has to wait 2.5 s.
 */
export function levelOf({ level, at }: CountedWrites, now: Seconds): number {
  const quiet = now - at - 2 * waitOf(level);
  return Math.max(0, level - Math.max(0, Math.floor(quiet / FORGET_AFTER)));
}

/** The level with one write more. */
export function raiseLevel(level: number): number {
  return Math.min(level + 1, MAX_LEVEL);
}

/** How long after the last write the next one can be made, when that many count. */
export function waitOf(level: number): Seconds {
  return level < BURST ? 0 : toSeconds(backoffDelay(MANY_TRIES, level - BURST + 1, () => 1));
}

/** When no more than a burst counts if nothing is written until then, in whole seconds; for a level above that. */
export function endOfExcess({ level, at }: CountedWrites): Seconds {
  return Math.ceil(at + 2 * waitOf(level) + (level - BURST) * FORGET_AFTER + 0.5); // later than that by half a second at least
}
