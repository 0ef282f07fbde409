import type { SignatureCause } from '../resources/reasons.ts';
import { wholeTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';
import type { Observed } from './observed.ts';
import { plannedRenewal } from './next-due-time.ts';

/**
 * The time between the moment of a renewal that the status announced and its signature; `undefined` for a signature that is not a
 * renewal. One that came after the expiry is the latest of all. Other tokens that somebody put there, or that a changed spec has
 * made due, were not announced, whatever their own times are.
 */
export function renewalLateness(
  { jwt, secret }: Pick<Observed, 'jwt' | 'secret'>,
  cause: SignatureCause,
  now: Seconds,
): Seconds | undefined {
  if (cause !== 'RenewalDue' && cause !== 'Expired') return undefined;
  const announced = jwt.recorded.renewsAt;
  if (announced === undefined) return undefined;
  const exact = plannedRenewal(jwt, secret);
  const planned = exact !== undefined && wholeTime(exact) === announced ? exact : announced;
  return planned > now ? undefined : now - planned;
}
