import type { SignatureCause } from '../resources/reasons.ts';
import type { Seconds } from '../time/units.ts';
import type { Observed } from './observed.ts';
import { plannedRenewal } from './next-due-time.ts';

/**
 * The time between the planned moment of a renewal and its signature; `undefined` for a signature that is not a renewal. One
 * that came after the expiry is the latest of all; an expired token that somebody put there was never ours to renew.
 */
export function renewalLateness(
  { jwt, secret }: Observed,
  cause: SignatureCause,
  now: Seconds,
): Seconds | undefined {
  if (cause !== 'RenewalDue' && cause !== 'Expired') return undefined;
  const planned = cause === 'RenewalDue' ? plannedRenewal(jwt, secret) : jwt.recorded.renewsAt;
  return planned === undefined || planned > now ? undefined : now - planned;
}
