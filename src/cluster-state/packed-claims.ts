import { stringMember, type JsonObject } from '../resources/json.ts';
import { claimsOf, type Jwt, type PackedClaims } from '../resources/jwt.ts';
import { digestClaims, scalarOf } from '../signing/token-facts.ts';

/**
 * Characters of JSON. Claims are seldom longer, and shared between JWTs as far as they are equal; as objects they take up
 * to twenty times as much memory as their text.
 */
const MAX_UNPACKED_LENGTH = 512;
/**
 * Characters of JSON. Tokens go with every request and are seldom longer than 2 KiB; 4,000 JWTs with 60 KiB of claims
 * would fill the heap. What is longer is read again whenever it is signed.
 */
const MAX_KEPT_LENGTH = 2_048;

/** A JWT as it is kept: of very many claims only their digest. */
export function digestLongClaims(jwt: Jwt): Jwt {
  if (!jwt.spec.ok) return jwt;
  const data = claimsOf(jwt.spec.value);
  if (JSON.stringify(data).length <= MAX_KEPT_LENGTH) return jwt;
  const value = { ...jwt.spec.value, data: keepJudged(data), claimsDigest: digestClaims(data) };
  return { ...jwt, spec: { ok: true, value } };
}

/** A JWT as it is kept: many claims as text. */
export function packClaims(jwt: Jwt): Jwt {
  if (!jwt.spec.ok) return jwt;
  const text: PackedClaims = JSON.stringify(claimsOf(jwt.spec.value));
  return text.length <= MAX_UNPACKED_LENGTH
    ? jwt
    : { ...jwt, spec: { ok: true, value: { ...jwt.spec.value, data: text } } };
}

/** The claims that planning looks at; an `iss` that is not a text is refused whatever it is. */
function keepJudged(data: JsonObject): JsonObject {
  const facts = {
    iss: stringMember(data, 'iss') ?? null,
    iat: scalarOf(data['iat']),
    jti: scalarOf(data['jti']),
  };
  return Object.fromEntries(Object.entries(facts).filter(([name]) => Object.hasOwn(data, name)));
}
