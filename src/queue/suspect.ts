import type { Milliseconds } from '../time/units.ts';
import { isDue, isMoreUrgent, type Urgency } from './urgency.ts';

/** A key whose last round failed or was slow. */
export interface Suspect extends Urgency {
  /** When the first of its failed rounds in a row began, by the monotonic clock; `Infinity`: the last one was only slow. */
  readonly failingSince: Milliseconds;
}

/** Whether its last round was slow, but did not fail. */
export function wasOnlySlow({ failingSince }: Pick<Suspect, 'failingSince'>): boolean {
  return failingSince === Number.POSITIVE_INFINITY;
}

/**
 * The order of suspects: what is due, then what was only slow, then what began to fail last, then the most urgent. After an
 * outage the JWTs that failed in it go before those that fail always, however many these are.
 */
export function isSuspectBefore(a: Suspect, b: Suspect): boolean {
  const isDueA = isDue(a);
  if (isDueA !== isDue(b)) return isDueA;
  return a.failingSince === b.failingSince ? isMoreUrgent(a, b) : a.failingSince > b.failingSince;
}
