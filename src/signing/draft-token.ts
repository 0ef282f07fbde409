import type { JwtSpec } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, type Result } from '../resources/result.ts';
import type { Seconds } from '../time/units.ts';
import { buildClaims, type Claims } from './claims.ts';
import type { SigningKey } from './key.ts';
import { findTooLong, tokenBytes } from './token-size.ts';

/** The part of the claims in which two tokens of the same spec differ. */
export interface TokenIdentity {
  /** The time of the signature, in whole seconds since the epoch. */
  readonly now: Seconds;
  readonly jti: string;
}

/** A token as it is before its signature. */
interface TokenDraft {
  /** The claims to sign, or why nothing may be signed. */
  readonly claims: Result<Claims, StateProblem>;
  /** The length of the token, as by `tokenBytes`; 0 without claims. Also of one that is too long to be signed. */
  readonly bytes: number;
}

/** Every signature begins with this, and a spec is judged by it. Without a `key`, the token may get longer. */
export function draftToken(
  spec: JwtSpec,
  key: SigningKey | undefined,
  { now, jti }: TokenIdentity,
): TokenDraft {
  const claims = buildClaims(spec, now, jti);
  if (!claims.ok) return { claims, bytes: 0 };
  const bytes = tokenBytes(spec, claims.value, key);
  const tooLong = findTooLong(bytes);
  return { claims: tooLong === undefined ? claims : fail(tooLong), bytes };
}
