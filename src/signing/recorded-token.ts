import { claimsOf, type Jwt, type JwtSpec } from '../resources/jwt.ts';
import type { Seconds } from '../time/units.ts';
import { buildClaims } from './claims.ts';
import { digestClaims, type TokenFacts } from './token-facts.ts';
import { headerOf } from './token.ts';

/**
 * A token whose signature is all that has to be kept: the rest of its text follows from the spec. The spec is the one that it
 * was compared with; a later one of the same JWT changes nothing here.
 */
export interface SignatureOfToken {
  readonly spec: JwtSpec;
  readonly expiresAt: Seconds;
  readonly tokenId: string;
  /** Its bytes, one for each character: half of what their text takes as part of the token. */
  readonly signature: string;
}

/** A token that the status speaks of, as far as it matters while its signature is not checked. */
interface RecognizedToken {
  readonly facts: TokenFacts;
  readonly unchecked: SignatureOfToken;
}

/**
 * Whether `text` is the token that the status of the JWT speaks of, as it was signed for this spec, byte by byte except for the
 * signature; `undefined` if it is another one. Then nothing of it needs to be read: what it says is known. A start finds a
 * hundred thousand of them, and until each was checked their texts would take 70 MB.
 */
export function recognizeToken(text: string, { spec, recorded }: Jwt): RecognizedToken | undefined {
  const { tokenId, expiresAt } = recorded;
  // The claims of a spec that has no more than their digest cannot be written down.
  if (!spec.ok || spec.value.claimsDigest !== undefined) return undefined;
  if (tokenId === undefined || expiresAt === undefined) return undefined;
  const { keyId: kid, algorithm: alg, lifetime } = spec.value;
  const data = claimsOf(spec.value);
  const claims = buildClaims({ ...spec.value, data }, expiresAt - lifetime, tokenId);
  if (!claims.ok) return undefined;
  const beginning = `${encode(headerOf(alg, kid))}.${encode(claims.value)}.`;
  if (!text.startsWith(beginning)) return undefined;
  const end = text.slice(beginning.length);
  const bytes = Buffer.from(end, 'base64url');
  if (bytes.toString('base64url') !== end) return undefined;
  const { iss, exp, iat, nbf, jti } = claims.value;
  const facts = { kid, alg, iss, exp, iat, nbf, jti, digest: digestClaims(data) };
  const signature = bytes.toString('latin1');
  return { facts, unchecked: { spec: spec.value, expiresAt, tokenId, signature } };
}

/** The whole text again, byte by byte. */
export function restoreToken({ spec, expiresAt, tokenId, signature }: SignatureOfToken): string {
  const claims = buildClaims(spec, expiresAt - spec.lifetime, tokenId);
  if (!claims.ok) throw new Error('claims that a token was compared with cannot be built any more');
  const end = Buffer.from(signature, 'latin1').toString('base64url');
  return `${encode(headerOf(spec.algorithm, spec.keyId))}.${encode(claims.value)}.${end}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
