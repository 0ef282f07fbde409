import type { Milliseconds } from '../time/units.ts';
import { PRIORITIES } from './work.ts';

/** The values by which waiting keys are ordered, the most urgent first. Times as in `Work`. */
export interface Urgency {
  /** The place of its priority in `PRIORITIES`; the lowest goes first. */
  readonly rank: number;
  readonly expiresAt: Milliseconds;
  readonly sequence: number;
  /** When it began to wait; a time of the monotonic clock. */
  readonly since: Milliseconds;
  /** From then on it gets turns although others are more urgent (`WaitingKeys`); a time of the monotonic clock. */
  readonly patientUntil: Milliseconds;
}

const RANK_OF_DUE = PRIORITIES.indexOf('due');
const RANK_OF_NEW = PRIORITIES.indexOf('new');

/** Whether work is due, as a renewal is. */
export function isDue({ rank }: Pick<Urgency, 'rank'>): boolean {
  return rank === RANK_OF_DUE;
}

/** Whether the key was never worked on. */
export function isNew({ rank }: Pick<Urgency, 'rank'>): boolean {
  return rank === RANK_OF_NEW;
}

/** Whether `a` goes before `b`: by priority, then the soonest to expire, then who came first. */
export function isMoreUrgent(a: Urgency, b: Urgency): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.sequence < b.sequence);
}

/** The urgency of a key that waits already, if any, and is asked for again: it never falls, and the key keeps its place. */
export function raiseUrgency(inside: Urgency | undefined, asked: Urgency): Urgency {
  if (inside === undefined) return asked;
  return {
    rank: Math.min(asked.rank, inside.rank),
    expiresAt: Math.min(asked.expiresAt, inside.expiresAt),
    sequence: inside.sequence,
    since: inside.since,
    patientUntil: Math.min(asked.patientUntil, inside.patientUntil),
  };
}
