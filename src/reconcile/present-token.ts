import type { Seconds } from '../time/units.ts';
import { findCondition } from './conditions.ts';
import { recordsToken } from './key-record.ts';
import type { Observed, TokenObservation } from './observed.ts';
import type { Outcome } from './outcome.ts';
import { findOwnership } from './ownership.ts';

/** The token that the Secret holds at the end of a round. */
export interface PresentToken {
  readonly expiresAt: Seconds;
  readonly tokenId: string | undefined;
  readonly isLegacy: boolean;
}

/**
 * The token that people may use after the round; `undefined` without one whose signature is known to be valid, and in a Secret
 * of another owner: nothing is read there, so what is known of its token would differ after a restart.
 * @param now in seconds since the epoch.
 */
export function presentToken(observed: Observed, outcome: Outcome, now: Seconds): PresentToken | undefined {
  if (isTokenInDoubt(observed, outcome)) return rememberedToken(observed, now);
  const { signed } = outcome;
  if (signed !== undefined) {
    const { exp, jti } = signed.claims;
    return { expiresAt: exp, tokenId: jti, isLegacy: false };
  }
  const token = ownToken(observed);
  // Anybody who is allowed to write Secrets could have written a token whose signature was not checked yet.
  if (token?.state !== 'valid' || token.signature !== 'verified') return undefined;
  const { expiresAt, tokenId, isLegacy } = token;
  return { expiresAt, tokenId, isLegacy };
}

/**
 * Whether the round failed before it was known how the token is: the Secret, or the key that its signature is to be checked with,
 * could not be read. That says nothing against the token, so what the status says of it stays.
 */
export function isTokenInDoubt(observed: Observed, { signed, problem }: Outcome): boolean {
  const { jwt, secret, key, isAbsenceConfirmed } = observed;
  const isFailure = problem?.reason === 'WriteFailed' || problem?.reason === 'WriteRefused';
  if (!isFailure || signed !== undefined || !jwt.spec.ok) return false;
  if (secret === undefined) return recordsToken(jwt.recorded) && !isAbsenceConfirmed;
  const token = ownToken(observed);
  const isUnchecked = token?.state === 'valid' && token.signature === 'unknown' && key.state === 'unread';
  return token?.state === 'unread' || isUnchecked;
}

/** The token that the status says is valid, as long as nothing but time could have changed that, as far as the caches show. */
function rememberedToken({ jwt, secret }: Observed, now: Seconds): PresentToken | undefined {
  const { generation, recorded } = jwt;
  const { expiresAt, tokenId } = recorded;
  const isOfSpec = recorded.observedGeneration === generation;
  const wasReady = findCondition(recorded, 'Ready')?.status === 'True';
  if (secret === undefined || expiresAt === undefined || expiresAt <= now) return undefined;
  const isReplaced = secret.token.state === 'valid' && secret.token.tokenId !== tokenId;
  return isOfSpec && wasReady && !isReplaced ? { expiresAt, tokenId, isLegacy: false } : undefined;
}

function ownToken({ jwt, secret }: Observed): TokenObservation | undefined {
  return secret === undefined || findOwnership(jwt, secret) !== 'ours' ? undefined : secret.token;
}
