import { jsonBytes } from '../resources/json.ts';
import type { StateProblem } from '../resources/problem.ts';
import { MAX_TOKEN_BYTES } from '../resources/secret.ts';
import type { AlgorithmName } from '../resources/algorithms.ts';
import type { JwtSpec } from '../resources/jwt.ts';
import type { Claims } from './claims.ts';
import type { SigningKey } from './key.ts';
import { headerOf } from './token.ts';

/** Bytes before base64url: R and S of ECDSA (RFC 7518 §3.4), Ed25519 (RFC 8037), RSA at its least key of 2048 bits. */
const SIGNATURE_BYTES: Readonly<Record<AlgorithmName, number>> = {
  RS256: 256,
  RS384: 256,
  RS512: 256,
  PS256: 256,
  PS384: 256,
  PS512: 256,
  ES256: 64,
  ES384: 96,
  ES512: 132,
  EdDSA: 64,
};

/**
 * The length of the compact token with these claims, in bytes: exact with the key, and without it the least it can be,
 * as an RSA signature is as long as its key's modulus (RFC 8017 §8).
 */
export function tokenBytes(
  spec: Pick<JwtSpec, 'algorithm' | 'keyId'>,
  claims: Claims,
  key: SigningKey | undefined,
): number {
  const parts = [
    jsonBytes(headerOf(spec.algorithm, spec.keyId)),
    jsonBytes(claims),
    signatureBytes(spec.algorithm, key),
  ];
  const dots = parts.length - 1;
  return parts.reduce((sum, bytes) => sum + Math.ceil((bytes * 4) / 3), dots);
}

/**
 * Why a token of that many bytes is never signed, `undefined` when it can be: one that is too long to be read again would be
 * signed again and again. Claims of 48 KiB reach the limit, as base64url is a third longer.
 */
export function findTooLong(bytes: number): StateProblem | undefined {
  if (bytes <= MAX_TOKEN_BYTES) return undefined;
  const message = `the token would take ${bytes} bytes, at most ${MAX_TOKEN_BYTES} are allowed: make spec.data smaller`;
  return { reason: 'ClaimsInvalid', message };
}

function signatureBytes(algorithm: AlgorithmName, key: SigningKey | undefined): number {
  // Only RSA keys have a modulus.
  const bits = key?.privateKey.asymmetricKeyDetails?.modulusLength;
  return bits === undefined ? SIGNATURE_BYTES[algorithm] : Math.ceil(bits / 8);
}
