import { isDeepStrictEqual } from 'node:util';
import type { JWK } from 'jose';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { JwtSpec } from '../resources/jwt.ts';
import { effectiveIssuer } from '../signing/claims.ts';
import { bareJwk } from '../signing/key/public-jwk.ts';
import type { Seconds } from '../time/units.ts';
import { findCondition } from './conditions.ts';
import { isKeyChanged, parsePublicJwk } from './key-record.ts';
import type { Observed } from './observed.ts';
import type { Outcome } from './outcome.ts';

/** How long verifiers keep the keys of an issuer before they look again: scitokens-cpp 10 min, Pelican 15. */
const KEPT_BY_VERIFIERS: Seconds = 15 * 60;

/**
 * Whether verifiers may know another key by the `kid` of the token. Set by the signature with the other key, and kept until
 * one that is made with the same key once verifiers have looked again. `now` in seconds since the epoch.
 */
export function isKeyIdReused(observed: Observed, spec: JwtSpec, { signed }: Outcome, now: Seconds): boolean {
  const { recorded } = observed.jwt;
  if (signed !== undefined && isOtherKeyKnown(observed, spec, now)) return true;
  const before = findCondition(recorded, 'KeyIdReused');
  if (before === undefined || recorded.keyId !== spec.keyId) return false;
  return signed === undefined || now < (before.lastTransitionTime ?? 0) + KEPT_BY_VERIFIERS;
}

/**
 * Whether the `kid` of the spec was that of another key than the one that was read: in the last token, or in an earlier one that
 * still lives, if the last one had another `kid` or issuer.
 */
function isOtherKeyKnown({ jwt, key, recordedKey }: Observed, spec: JwtSpec, now: Seconds): boolean {
  const { recorded } = jwt;
  const { keyId, algorithm } = spec;
  const issuer = effectiveIssuer(spec);
  if (key.state !== 'read' || !issuer.ok) return false;
  if (recorded.keyId === keyId && (isKeyChanged(recorded, key) || isOfOther(recordedKey, algorithm)))
    return true;
  if (recorded.keyId === keyId && recorded.issuer === issuer.value) return false;
  return (recorded.retiredKeys ?? []).some((retired) => {
    const jwk = parsePublicJwk(retired.publicKey);
    if (jwk?.kid !== keyId || retired.issuer !== issuer.value || retired.expiresAt <= now) return false;
    return isOfOther(jwk, algorithm) || !isDeepStrictEqual(bareJwk(jwk), bareJwk(key.key.publicJwk));
  });
}

/** Verifiers take a published key for no other algorithm than its own. */
function isOfOther(jwk: JWK | undefined, algorithm: AlgorithmName): boolean {
  return jwk?.alg !== undefined && jwk.alg !== algorithm;
}
