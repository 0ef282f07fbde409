import { isDeepStrictEqual } from 'node:util';
import type { JWK } from 'jose';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { JwtSpec } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { effectiveIssuer } from '../signing/claims.ts';
import { bareJwk } from '../signing/key/public-jwk.ts';
import type { Seconds } from '../time/units.ts';
import { findCondition } from './conditions.ts';
import { isKeyChanged, parsePublicJwk, recordsToken } from './key-record.ts';
import type { Observed } from './observed.ts';
import type { Outcome } from './outcome.ts';

/** How long verifiers keep the keys of an issuer before they look again: scitokens-cpp 10 min, Pelican 15. */
const KEPT_BY_VERIFIERS: Seconds = 15 * 60;

/**
 * Whether verifiers may know another key by the `kid` of the token: `now` by a signature of this round, `lately` by an
 * earlier one, until one that is made with the same key once verifiers have looked again. `now` in seconds since the epoch.
 */
export function findKeyIdReuse(
  observed: Observed,
  spec: JwtSpec,
  { signed }: Outcome,
  now: Seconds,
): 'now' | 'lately' | undefined {
  const { recorded } = observed.jwt;
  if (signed !== undefined && isOtherKeyKnown(observed, spec, now)) return 'now';
  const before = findCondition(recorded, 'KeyIdReused');
  if (before === undefined || !isLastKeyId(recorded, spec)) return undefined;
  const isRecent = now < (before.lastTransitionTime ?? 0) + KEPT_BY_VERIFIERS;
  return signed === undefined || isRecent ? 'lately' : undefined;
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
  if (isLastKeyId(recorded, spec)) return isKeyChanged(recorded, key) || isOfOther(recordedKey, algorithm);
  return (recorded.retiredKeys ?? []).some((retired) => {
    const jwk = parsePublicJwk(retired.publicKey);
    if (jwk?.kid !== keyId || retired.issuer !== issuer.value || retired.expiresAt <= now) return false;
    return isOfOther(jwk, algorithm) || !isDeepStrictEqual(bareJwk(jwk), bareJwk(key.key.publicJwk));
  });
}

/** Whether the last token had the `kid` and, as far as is known, the issuer of the spec: verifiers keep keys by both. */
function isLastKeyId(recorded: RecordedStatus, spec: JwtSpec): boolean {
  const issuer = effectiveIssuer(spec);
  if (recorded.keyId !== spec.keyId || !issuer.ok) return false;
  return (lastIssuer(recorded) ?? issuer.value) === issuer.value;
}

/** The issuer of the last token. A round that finds that token wrong retires its key, and records the issuer of the spec. */
function lastIssuer(recorded: RecordedStatus): string | undefined {
  const { issuer, publicKey, retiredKeys = [] } = recorded;
  const retired = recordsToken(recorded) ? undefined : retiredKeys.find((one) => one.publicKey === publicKey);
  return retired?.issuer ?? issuer;
}

/** Verifiers take a published key for no other algorithm than its own. */
function isOfOther(jwk: JWK | undefined, algorithm: AlgorithmName): boolean {
  return jwk?.alg !== undefined && jwk.alg !== algorithm;
}
