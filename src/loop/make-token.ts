import { randomUUID } from 'node:crypto';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { StateProblem } from '../resources/problem.ts';
import { ok, type Result } from '../resources/result.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Claims } from '../signing/claims.ts';
import { draftToken } from '../signing/draft-token.ts';
import { signToken } from '../signing/token.ts';
import { toSeconds, type Seconds } from '../time/units.ts';
import { Stale } from './stale.ts';

/** A token that was signed and verified, and is not written yet. Times in seconds. */
export interface NewToken {
  /** The compact JWS. */
  readonly text: string;
  readonly claims: Claims;
  readonly algorithm: AlgorithmName;
  readonly keyId: string;
  /** Since the epoch. */
  readonly issuedAt: Seconds;
  /** RFC 7638 thumbprint of the key. */
  readonly signedBy: string;
  /** The time that making and checking the signature took. */
  readonly duration: Seconds;
}

/**
 * Signs a token for what was observed; writes nothing. A problem is one of the author's input. `now` in seconds since the
 * epoch.
 */
export async function makeToken(
  { jwt, key }: Observed,
  now: Seconds,
): Promise<Result<NewToken, StateProblem>> {
  if (!jwt.spec.ok) return jwt.spec;
  if (key.state !== 'read') throw new Error('a token was to be signed before its key was read');
  const spec = jwt.spec.value;
  if (spec.claimsDigest !== undefined) throw new Stale('the JWT with the claims is not there any more');
  const issuedAt = Math.floor(now);
  const { claims } = draftToken(spec, key.key, { now: issuedAt, jti: randomUUID() });
  if (!claims.ok) return claims;
  const startedAt = performance.now();
  const text = await signToken(key.key, spec.keyId, claims.value);
  const duration = toSeconds(performance.now() - startedAt);
  const { algorithm, keyId } = spec;
  const signedBy = key.key.thumbprint;
  return ok({ text, claims: claims.value, algorithm, keyId, issuedAt, signedBy, duration });
}
