import { randomInt } from 'node:crypto';
import type { Jwt } from '../../resources/jwt.ts';
import { RENEW } from '../../resources/names.ts';

/** A value for the annotation that no other request has, however many are made at once: its microseconds are drawn. */
export function newRequest(now: Date): string {
  const drawn = String(randomInt(1_000)).padStart(3, '0');
  return now.toISOString().replace('Z', `${drawn}Z`);
}

/**
 * Whether a request was served: by a token that was signed for it, or for one that took its place in the annotation
 * since. Both were signed after it was made.
 * @param before the JWT as it was before the request: what was asked for until then says nothing.
 */
export function isServed(request: string, before: Jwt, now: Jwt): boolean {
  const { lastRenew } = now.recorded;
  if (lastRenew === undefined || lastRenew === request) return lastRenew === request;
  return lastRenew !== before.recorded.lastRenew && lastRenew !== before.annotations[RENEW];
}
