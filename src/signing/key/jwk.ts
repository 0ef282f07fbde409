import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isJsonObject, stringMember, stringMembers } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';

/** The members of private keys (RFC 7518 §6.2 and §6.3, RFC 8037 §2); others, such as `kid`, say nothing of the key. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['crv', 'x', 'y', 'd'],
  OKP: ['crv', 'x', 'd'],
};

/** The private key in the JSON text of one JWK; the problem never quotes any of it. */
export function parseJwk(text: string): Result<KeyObject, string> {
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    return fail('the text starts like a JWK but is not valid JSON');
  }
  if (!isJsonObject(jwk)) return fail('a JWK must be a JSON object');
  if (Array.isArray(jwk['keys'])) return fail('found a JWK Set: give one private JWK of it');
  const members = MEMBERS[stringMember(jwk, 'kty') ?? ''];
  if (members === undefined)
    return fail('the JWK has no "kty" that can sign: RSA, EC or OKP (RFC 7518 §6.1)');
  if ((stringMember(jwk, 'd') ?? '') === '')
    return fail('the JWK has no private member "d": a private key is needed to sign');
  const missing = members.filter((name) => !Object.hasOwn(jwk, name));
  if (missing.length > 0) return fail(describeMissing(missing, members));
  const broken = 'the JWK does not parse: kty, curve and members must belong together (RFC 7518 §6)';
  try {
    const key = createPrivateKey({ key: stringMembers(jwk, ['kty', ...members]), format: 'jwk' });
    // OpenSSL takes only `d` of an OKP key, and makes the public half itself.
    return jwk['kty'] === 'OKP' && key.export({ format: 'jwk' }).x !== jwk['x'] ? fail(broken) : ok(key);
  } catch {
    return fail(broken);
  }
}

/** RFC 7518 §6.3.2 asks for no more than `d` of an RSA key, but OpenSSL does not work out the primes. */
function describeMissing(missing: readonly string[], members: readonly string[]): string {
  const all = members.join(', ');
  return `the JWK has no ${missing.join(', ')}: all of ${all} are needed here, export the key with them, or as PEM`;
}
