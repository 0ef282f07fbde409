import { compactVerify, decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import type { AlgorithmName } from '../resources/algorithms.ts';
import { isDeeperThan, MAX_LEVELS, type JsonObject } from '../resources/json.ts';
import { MAX_TOKEN_BYTES } from '../resources/secret.ts';
import type { Claims } from './claims.ts';
import type { SigningKey } from './key.ts';

/**
 * Signs a compact JWS (RFC 7515 §3.1) with header `{alg, kid, typ: JWT}` and verifies it with the public half
 * before anyone sees it. Throws when that fails: a bug or a broken crypto library, never an input mistake.
 */
export async function signToken(key: SigningKey, keyId: string, claims: Claims): Promise<string> {
  const token = await new SignJWT({ ...claims })
    .setProtectedHeader(headerOf(key.algorithm, keyId))
    .sign(key.privateKey);
  await compactVerify(token, key.publicKey, { algorithms: [key.algorithm] });
  return token;
}

/** The header of the tokens that we sign, members in this order. */
export function headerOf(alg: AlgorithmName, kid: string) {
  return { alg, kid, typ: 'JWT' };
}

/** A token's two JSON parts, as they were sent. Nothing about them is checked. */
export interface ReadToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/** Base64url without padding (RFC 7515 §2); the signature of `alg: none` is empty. */
const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/;

/**
 * Header and claims of a compact JWS without checking its signature; `undefined` when the text is not one, or too long. What is
 * between the dots is base64url to the last character: decoders skip white space, padding, and a character too many, but a
 * client that sends such a text in a header is refused.
 */
export function readToken(text: string): ReadToken | undefined {
  if (text.length > MAX_TOKEN_BYTES || !isCompactJws(text)) return undefined;
  try {
    return { header: { ...decodeProtectedHeader(text) }, claims: decodeJwt(text) };
  } catch {
    return undefined;
  }
}

function isCompactJws(text: string): boolean {
  const [, ...parts] = COMPACT_JWS.exec(text) ?? [];
  // A single character after groups of four has no whole byte.
  return parts.length === 3 && parts.every(({ length }) => length % 4 !== 1);
}

/** Whether header or claims are deeper than any that we sign: what shows them, or goes through them, may overflow the stack. */
export function isTooDeep({ header, claims }: ReadToken): boolean {
  return isDeeperThan(header, MAX_LEVELS) || isDeeperThan(claims, MAX_LEVELS);
}
