import { describeSeconds } from '../../resources/duration.ts';
import { RENEW } from '../../resources/names.ts';
import type { SignatureCause } from '../../resources/reasons.ts';
import { formatTime } from '../../time/format-time.ts';
import { effectiveResignBefore, isRenewalClamped, type Lifetimes } from '../../signing/schedule.ts';

/** Each cause of a signature, to go after "because". */
export const CAUSES: Readonly<Record<SignatureCause, string>> = {
  SecretMissing: 'there is no Secret of its name yet',
  TokenMissing: 'its Secret has no data key "token", or an empty one',
  TokenUnreadable: 'what its Secret holds is no token',
  Expired: 'the token has expired',
  HeaderMismatch: 'the token has another key id or algorithm than the spec',
  SignatureInvalid: 'the token was not signed with the key of this JWT',
  ClaimsMismatch: 'the token says something else than the spec, or is not valid yet',
  KeyChanged: 'the key is another one than that of the token',
  RenewRequested: `the annotation ${RENEW} asks for it`,
  RenewalDue: 'its time has come',
};

/** `2026-11-24 12:36:13 UTC, in 23 h 59 min`; both in seconds since the epoch. */
export function sayWhen(time: number, now: number): string {
  const distance = describeSeconds(Math.abs(time - now));
  return `${sayTime(time)}, ${time > now ? `in ${distance}` : `${distance} ago`}`;
}

/** `2026-11-24 12:36:13 UTC`; seconds since the epoch. */
export function sayTime(time: number): string {
  return formatTime(time).replace('T', ' ').replace('Z', ' UTC');
}

/** How long each token lives and when it is replaced, in one line. */
export function sayLifetimes(lifetimes: Lifetimes): string {
  const before = describeSeconds(effectiveResignBefore(lifetimes));
  const why = isRenewalClamped(lifetimes)
    ? ' (half: spec.resignBefore is not shorter than the lifetime)'
    : lifetimes.resignBefore === undefined
      ? ' (half: spec.resignBefore is not set)'
      : '';
  return `each token lives ${describeSeconds(lifetimes.lifetime)} and is replaced ${before} before it expires${why}`;
}
