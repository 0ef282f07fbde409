import { hash } from 'node:crypto';
import { isDeeperThan, isJsonObject, type JsonObject } from '../resources/json.ts';
import { MAX_ISSUER } from '../resources/jwt.ts';
import { isLongerThan } from '../resources/text-length.ts';
import { OVERRIDDEN_CLAIMS } from './claims.ts';
import type { ReadToken } from './token.ts';

/** A registered claim or header: what was no text or number is `null`, which nothing asks for. */
type Scalar = string | number | null | undefined;

/**
 * The facts by which a token is judged. They stay small whatever the token holds, since anybody who may write Secrets may write
 * tokens.
 */
export interface TokenFacts {
  readonly kid: Scalar;
  readonly alg: Scalar;
  readonly iss: Scalar;
  readonly exp: Scalar;
  readonly iat: Scalar;
  readonly nbf: Scalar;
  readonly jti: Scalar;
  /** The digest of all other claims, as `digestClaims` makes it. */
  readonly digest: string;
}

/** The longest text that a spec may hold for one of these, its issuer, by characters. A longer one could not match either. */
const MAX_FACT_LENGTH = MAX_ISSUER;
/** More levels than claims of ours have. */
const MAX_CLAIM_DEPTH = 1_000;
const REGISTERED: ReadonlySet<string> = new Set([...OVERRIDDEN_CLAIMS, 'iss']);

/** The facts about a token that was read. Its signature is not checked. */
export function findFacts({ header, claims }: ReadToken): TokenFacts {
  return {
    kid: scalarOf(header['kid']),
    alg: scalarOf(header['alg']),
    iss: scalarOf(claims['iss']),
    exp: scalarOf(claims['exp']),
    iat: scalarOf(claims['iat']),
    nbf: scalarOf(claims['nbf']),
    jti: scalarOf(claims['jti']),
    digest: digestClaims(claims),
  };
}

/**
 * SHA-256 of the claims that the author chose, that is all but `iss`, `exp`, `nbf`, `iat` and `jti`: the same for equal
 * claims, in whatever order their members are. Empty for claims deeper in each other than any that we sign.
 */
export function digestClaims(claims: JsonObject): string {
  if (isDeeperThan(claims, MAX_CLAIM_DEPTH)) return '';
  return hash('sha256', sortedJson(claims, REGISTERED), 'base64url');
}

/** The part of a registered claim that its facts hold. */
export function scalarOf(value: unknown): Scalar {
  if (typeof value === 'number' || value === undefined) return value;
  return typeof value === 'string' && !isLongerThan(value, MAX_FACT_LENGTH) ? value : null;
}

/** JSON with the members of every object in the order of their names, less those of `without` in the outermost. */
function sortedJson(value: unknown, without?: ReadonlySet<string>): string {
  if (Array.isArray(value)) return `[${value.map((item) => sortedJson(item)).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  let text = '';
  for (const name of Object.keys(value).toSorted()) {
    if (without?.has(name) !== true) text += `${JSON.stringify(name)}:${sortedJson(value[name])},`;
  }
  return `{${text}}`;
}
