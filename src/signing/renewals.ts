import { effectiveResignBefore, renewalTime, type Lifetimes } from './schedule.ts';
import type { Seconds } from '../time/units.ts';

/** One signature to come: when, and until when its token is valid. Seconds since the epoch. */
export interface Renewal {
  readonly at: Seconds;
  readonly expiresAt: Seconds;
}

/**
 * The next signatures if nothing changes, as the loop makes them.
 * @param uid of the JWT. Without one (a file) the jitter is not known: then each is the latest moment that can be.
 * @param first when the next signature is due, in seconds since the epoch.
 */
export function listRenewals(
  uid: string | undefined,
  first: Seconds,
  lifetimes: Lifetimes,
  count: number,
): readonly Renewal[] {
  const renewals: Renewal[] = [];
  for (let at = first; renewals.length < count;) {
    const expiresAt = Math.floor(at) + lifetimes.lifetime;
    renewals.push({ at, expiresAt });
    at =
      uid === undefined
        ? expiresAt - effectiveResignBefore(lifetimes)
        : renewalTime(uid, expiresAt, lifetimes);
  }
  return renewals;
}
