import type { StateProblem } from '../resources/problem.ts';
import type { Claims } from '../signing/claims.ts';
import type { Seconds } from '../time/units.ts';
import type { Contenders } from './contention.ts';
import type { Observed } from './observed.ts';
import { findOwnership } from './ownership.ts';

/** The result of a round, besides the facts that it observed. Times in seconds since the epoch. */
export interface Outcome {
  /** The token that is signed and written in this round. */
  readonly signed?: { readonly claims: Claims; readonly issuedAt: Seconds };
  /** Why no new token could be signed, or the Secret not be written. */
  readonly problem?: StateProblem;
  /** When a failed attempt is made again, or what waits because of others is done. */
  readonly nextAttemptAt?: Seconds;
  /** Another client keeps changing the Secret: the field managers that were seen. */
  readonly contenders?: Contenders;
}

/** The token that the Secret holds at the end of a round. */
export interface PresentToken {
  readonly expiresAt: Seconds;
  readonly tokenId: string | undefined;
  readonly isLegacy: boolean;
}

/**
 * The token that people may use after the round; `undefined` without one whose signature is known to be valid, and in a Secret
 * of another owner: nothing is read there, so what is known of its token would differ after a restart.
 */
export function presentToken({ jwt, secret }: Observed, { signed }: Outcome): PresentToken | undefined {
  if (signed !== undefined)
    return { expiresAt: signed.claims.exp, tokenId: signed.claims.jti, isLegacy: false };
  if (secret === undefined || findOwnership(jwt, secret) !== 'ours') return undefined;
  // Anybody who is allowed to write Secrets could have written a token whose signature was not checked yet.
  return secret.token.state === 'valid' && secret.token.signature === 'verified' ? secret.token : undefined;
}
