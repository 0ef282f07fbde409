import { compactVerify, importJWK, type JWK } from 'jose';
import type { AlgorithmName } from '../resources/algorithms.ts';
import { LATEST_TIME } from '../time/format-time.ts';
import type { JsonObject } from '../resources/json.ts';
import { claimsOf, type JwtSpec } from '../resources/jwt.ts';
import type { SignatureCause } from '../resources/reasons.ts';
import type { Seconds } from '../time/units.ts';
import { BACKDATE, effectiveIssuer } from './claims.ts';
import { digestClaims, scalarOf, type TokenFacts } from './token-facts.ts';

/**
 * Claims that a token may lack and still count as matching until its next renewal, or until the spec asks for another issuer
 * or lifetime: token-manager left them out.
 */
const LEGACY_GAPS = ['iss', 'iat', 'nbf', 'jti'] as const;

/** The content that a spec had when its token was last found to be right; `undefined` where no such time is known. */
export interface AskedBefore {
  /** The claim `iss`. */
  readonly issuer: string | undefined;
  readonly lifetime: Seconds | undefined;
}

/** The problem of a token that exists, or that it has no problem. Times in seconds since the epoch. */
type Verdict =
  | { readonly matches: true; readonly expiresAt: Seconds; readonly isLegacy: boolean }
  | {
      readonly matches: false;
      readonly cause: SignatureCause;
      /** When it matches after all, if nothing else happens: the token is not valid yet. */
      readonly until?: Seconds;
    };

/**
 * Whether a token is valid at `now` (seconds since the epoch) and says what the spec asks for. The signature is not checked
 * here: see {@link verifiesWith}. `asked` stands for the claims that the token lacks; `undefined`: it is taken over, and they
 * are what they should be.
 */
export function judgeClaims(facts: TokenFacts, spec: JwtSpec, now: Seconds, asked?: AskedBefore): Verdict {
  const { exp: expiresAt, nbf } = facts;
  if (!isTime(expiresAt)) return { matches: false, cause: 'TokenUnreadable' };
  if (expiresAt <= now) return { matches: false, cause: 'Expired' };
  if (facts.kid !== spec.keyId || facts.alg !== spec.algorithm)
    return { matches: false, cause: 'HeaderMismatch' };
  const data = claimsOf(spec);
  const token = isCopied(facts, data) ? { ...facts, iat: undefined } : facts;
  const digest = spec.claimsDigest ?? digestClaims(data);
  const isAsked =
    hasIssuer(token, { issuer: spec.issuer, data }, asked) && hasLifetime(token, expiresAt, spec, asked);
  if (!isAsked || token.digest !== digest) return { matches: false, cause: 'ClaimsMismatch' };
  // Signed by a clock that was ahead, or no time at all: verifiers refuse it.
  if (nbf !== undefined && !(isTime(nbf) && nbf <= now)) {
    return { matches: false, cause: 'ClaimsMismatch', ...(isTime(nbf) ? { until: nbf } : {}) };
  }
  return { matches: true, expiresAt, isLegacy: LEGACY_GAPS.some((name) => token[name] === undefined) };
}

/** An old build of token-manager set no `iat` and `jti`, and took them from `spec.data`, where any time may stand. */
function isCopied({ iat, jti }: TokenFacts, data: JsonObject): boolean {
  return iat !== undefined && iat === scalarOf(data['iat']) && jti === scalarOf(data['jti']);
}

/** A NumericDate (RFC 7519 §2) that has a date: JSON holds 1e20, and 1e999, which reads as infinity. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value <= LATEST_TIME;
}

/** A public key, ready to verify with. */
export type PublicKey = Awaited<ReturnType<typeof importJWK>>;

/** Makes a public key ready; rejects when the JWK is not a key for the algorithm. */
export function readPublicKey(publicJwk: JWK, algorithm: AlgorithmName): Promise<PublicKey> {
  return importJWK(publicJwk, algorithm);
}

/**
 * Whether a compact JWS was signed by the private half of the key. `undefined` stands for a key that is not valid. Extensions
 * that the header calls critical (RFC 7515 §4.1.11) make it invalid, except for those in `ignored`.
 */
export async function verifiesWith(
  text: string,
  key: PublicKey | undefined,
  algorithm: AlgorithmName,
  ignored: readonly string[] = [],
): Promise<boolean> {
  if (key === undefined) return false;
  try {
    const crit = Object.fromEntries(ignored.map((name) => [name, true]));
    await compactVerify(text, key, { algorithms: [algorithm], crit });
    return true;
  } catch {
    return false;
  }
}

function hasIssuer(
  { iss }: TokenFacts,
  spec: Pick<JwtSpec, 'issuer' | 'data'>,
  asked?: AskedBefore,
): boolean {
  if (iss === undefined && asked === undefined) return true;
  const issuer = effectiveIssuer(spec);
  return issuer.ok && issuer.value === (iss === undefined ? asked?.issuer : iss);
}

/**
 * A changed `expiryTime` shows in the token itself. We backdate `iat` as much as `nbf`; token-manager backdated `nbf`
 * alone, and its old builds left `iat` out.
 */
function hasLifetime(
  { iat, nbf }: TokenFacts,
  expiresAt: Seconds,
  { lifetime }: JwtSpec,
  asked?: AskedBefore,
): boolean {
  if (iat === undefined) return asked === undefined || asked.lifetime === lifetime;
  return isTime(iat) && expiresAt - iat === lifetime + (iat === nbf ? BACKDATE : 0);
}
