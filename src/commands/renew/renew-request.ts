import { randomInt } from 'node:crypto';
import type { Jwt } from '../../resources/jwt.ts';
import { RENEW } from '../../resources/names.ts';
import { formatMicroTime } from '../../time/format-time.ts';
import type { Milliseconds } from '../../time/units.ts';

/** The field manager of changes to JWTs and pods by the command: that of the service is for the writes of the service. */
export const RENEW_FIELD_MANAGER = 'jwt-injector-renew';

/** A value for the annotation that no other request has, even one of the same millisecond: its microseconds are random. */
export function newRequest(now: Milliseconds): string {
  return formatMicroTime(now, randomInt(1_000));
}

/**
 * Whether a request was served: by a token that was signed for it, or for one that took its place in the annotation
 * since. Both were signed after it was made.
 * @param before the JWT as it was before the request: requests until then do not count.
 */
export function isServed(request: string, before: Jwt, now: Jwt): boolean {
  const { lastRenew } = now.recorded;
  if (lastRenew === undefined || lastRenew === request) return lastRenew === request;
  return lastRenew !== before.recorded.lastRenew && lastRenew !== before.annotations[RENEW];
}
