import { hash } from 'node:crypto';
import type { Seconds } from '../time/units.ts';

/** Largest jitter: enough to spread a rollout's tokens, small beside any useful `resignBefore`. */
const MAX_JITTER: Seconds = 5 * 60;
/** Least distance between scheduled signatures of one JWT, by the whole seconds of `iat`: so no lifetime makes a hot loop. */
export const MIN_RENEWAL_DISTANCE: Seconds = 30;

/** The times in a JWT's spec. */
export interface Lifetimes {
  /** The time from signing to expiry. */
  readonly lifetime: Seconds;
  /** The time before expiry, as the spec says; absent = half of the lifetime. */
  readonly resignBefore?: Seconds;
}

/** The `resignBefore` that counts: half of the lifetime when absent or not shorter than the lifetime. */
export function effectiveResignBefore({ lifetime, resignBefore }: Lifetimes): Seconds {
  return resignBefore === undefined || resignBefore >= lifetime ? lifetime / 2 : resignBefore;
}

/** True when the spec's `resignBefore` cannot be kept (≥ lifetime) and half of the lifetime is used instead. */
export function isRenewalClamped({ lifetime, resignBefore = 0 }: Lifetimes): boolean {
  return resignBefore >= lifetime;
}

/**
 * When to re-sign, since the epoch: `exp − resignBefore − jitter`. The jitter is the same for every
 * token of one uid and only ever earlier: ≤ 10 % of resignBefore, ≤ 5 min, ≤ half of the time between signing
 * and renewal. Never sooner than `MIN_RENEWAL_DISTANCE` after the signature.
 */
export function renewalTime(uid: string, expiresAt: Seconds, lifetimes: Lifetimes): Seconds {
  const resignBefore = effectiveResignBefore(lifetimes);
  const room = (lifetimes.lifetime - resignBefore) / 2;
  const jitter = fractionOf(uid) * Math.min(resignBefore / 10, MAX_JITTER, room);
  return Math.max(expiresAt - resignBefore - jitter, expiresAt - lifetimes.lifetime + MIN_RENEWAL_DISTANCE);
}

/** A number in [0, 1) that depends on the text alone, spread evenly. */
function fractionOf(text: string): number {
  return Number.parseInt(hash('sha256', text).slice(0, 8), 16) / 2 ** 32; // of the hex digits 32 bits
}
