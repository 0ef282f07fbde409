import { isJsonObject, member, type JsonObject } from '../resources/json.ts';
import { claimsOf, type JwtSpec } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { Seconds } from '../time/units.ts';

/**
 * How far `iat` and `nbf` are in the past: scitokens-cpp allows no clock skew at all, not even on `iat`,
 * so a verifier whose clock is a moment behind would refuse a fresh token.
 */
export const BACKDATE: Seconds = 60;

/** Claims (RFC 7519 §4.1) that are ours to set; values for them in `spec.data` are overridden, with a warning. */
export const OVERRIDDEN_CLAIMS = ['exp', 'nbf', 'iat', 'jti'] as const;

/** The claims of a token as signed. Times are NumericDates: whole seconds since the epoch. */
export interface Claims extends JsonObject {
  readonly iss: string;
  readonly iat: Seconds;
  readonly nbf: Seconds;
  readonly exp: Seconds;
  readonly jti: string;
}

/**
 * The claim `iss`: `data.iss` if the author set it (tokens of token-manager had no other way), else `spec.issuer`,
 * byte for byte.
 */
export function effectiveIssuer(spec: Pick<JwtSpec, 'issuer' | 'data'>): Result<string, StateProblem> {
  const iss = member(claimsOf(spec), 'iss');
  if (iss === undefined) return ok(spec.issuer);
  if (typeof iss === 'string') return ok(iss);
  return fail({
    reason: 'ClaimsInvalid',
    message: 'spec.data.iss must be a string: remove it, spec.issuer is used then',
  });
}

/**
 * `spec.data` plus the registered claims for a signature at `now` (seconds since the epoch, whole); `jti` is given
 * so that the same input gives the same claims.
 */
export function buildClaims(spec: JwtSpec, now: Seconds, jti: string): Result<Claims, StateProblem> {
  const data = claimsOf(spec);
  const inexact = findInexactInteger(data, 'spec.data');
  if (inexact !== undefined) {
    return fail({
      reason: 'ClaimsInvalid',
      message: `${inexact} is an integer beyond 2^53, which JSON readers change silently: write it as a string`,
    });
  }
  const iss = effectiveIssuer({ issuer: spec.issuer, data });
  if (!iss.ok) return iss;
  return ok({
    ...data,
    iss: iss.value,
    iat: now - BACKDATE,
    nbf: now - BACKDATE,
    exp: now + spec.lifetime,
    jti,
  });
}

/** The claims that are ours to set, and that stand in `data` and will be overridden. */
export function overriddenClaims(data: JsonObject): readonly string[] {
  return OVERRIDDEN_CLAIMS.filter((name) => Object.hasOwn(data, name));
}

/**
 * The path of the first number that a JSON reader with 64-bit floats cannot hold exactly (RFC 8259 §6), e.g.
 * `spec.data.ids[2]`; `undefined` when all are exact.
 *
 * @internal
 */
export function findInexactInteger(value: unknown, path: string): string | undefined {
  if (typeof value === 'number') {
    return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))
      ? path
      : undefined;
  }
  if (Array.isArray(value))
    return firstOf(value, (item, index) => findInexactInteger(item, `${path}[${index}]`));
  if (isJsonObject(value)) {
    return firstOf(Object.entries(value), ([name, item]) => findInexactInteger(item, `${path}.${name}`));
  }
  return undefined;
}

function firstOf<T>(
  items: readonly T[],
  find: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
