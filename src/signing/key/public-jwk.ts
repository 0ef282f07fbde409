import type { JWK } from 'jose';
import type { AlgorithmName } from '../../resources/algorithms.ts';
import { stringMembers, type JsonObject, type StringMap } from '../../resources/json.ts';

/** The public half of a key, complete with what verifiers look for (RFC 7517 §4): XRootD and Pelican refuse it without. */
export function publishedJwk(publicJwk: JWK, keyId: string, algorithm: AlgorithmName): JWK {
  return { ...publicJwk, kid: keyId, alg: algorithm, use: 'sig' };
}

/** A JWK without what {@link publishedJwk} added: the members that make the key. */
export function bareJwk({ kid: _kid, alg: _alg, use: _use, ...jwk }: JWK): JWK {
  return jwk;
}

/** Members that a public key may have (RFC 7518 §6.2.1 and §6.3.1, RFC 8037 §2, RFC 7517 §4); all are strings. */
const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'] as const;

/** The public members of a JWK of any author; members of other types are left out. */
export function publicMembers(jwk: JsonObject): StringMap {
  return stringMembers(jwk, PUBLIC_MEMBERS);
}
