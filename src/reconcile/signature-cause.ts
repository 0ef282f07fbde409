import type { JwtSpec } from '../resources/jwt.ts';
import { RENEW } from '../resources/names.ts';
import type { SignatureCause } from '../resources/reasons.ts';
import { renewalTime } from '../signing/schedule.ts';
import type { Seconds } from '../time/units.ts';
import { isKeyChanged } from './key-record.ts';
import type { Observed } from './observed.ts';

/** The facts that a decision about one JWT depends on. */
export interface PlanFacts {
  readonly observed: Observed;
  readonly spec: JwtSpec;
  /** Seconds since the epoch. */
  readonly now: Seconds;
}

/** The meaning of each cause, to go after "because". */
const MEANINGS: Readonly<Record<SignatureCause, string>> = {
  SecretMissing: 'there is no Secret of its name yet',
  TokenMissing: 'its Secret has no data key "token", or an empty one',
  TokenUnreadable: 'its Secret holds no token that can be read',
  Expired: 'the token has expired',
  HeaderMismatch: 'the token has another key id or algorithm than the spec',
  SignatureInvalid: 'the token was not signed with the key of this JWT',
  ClaimsMismatch: 'the token says something else than the spec, or is not valid yet',
  KeyChanged: 'the key is not the one of the token',
  RenewRequested: `the annotation ${RENEW} asks for it`,
  RenewalDue: 'its renewal is due',
};

/** The cause of a signature in words for people, to go after "because". */
export function describeCause(cause: SignatureCause): string {
  return MEANINGS[cause];
}

/** Why a new token is due now; `undefined` when the current one serves, or was not read yet. */
export function findCause({
  observed: { jwt, secret, key },
  spec,
  now,
}: PlanFacts): SignatureCause | undefined {
  if (secret === undefined) return 'SecretMissing';
  const { token } = secret;
  if (token.state === 'unread') return undefined;
  if (token.state === 'faulty') return token.cause;
  if (isKeyChanged(jwt.recorded, key)) return 'KeyChanged';
  const renew = jwt.annotations[RENEW];
  if (renew !== undefined && renew !== jwt.recorded.lastRenew) return 'RenewRequested';
  return now >= renewalTime(jwt.uid, token.expiresAt, spec) ? 'RenewalDue' : undefined;
}
