import { isDeepStrictEqual } from 'node:util';
import { stringMember, type JsonObject } from '../resources/json.ts';
import { bareJwk, publishedJwk } from '../signing/key.ts';
import type { Observed } from './observed.ts';
import { isKeyChanged } from './plan.ts';
import { parsePublicJwk } from './recorded-status.ts';

/**
 * What `status` says of the key that the present token was signed with. It moves with a signature, or when the key was
 * read and proved to be the recorded one; so a key that cannot sign never replaces the record of the one that did.
 */
export function describeKeyRecord({ jwt, key, secret }: Observed, hasSigned: boolean): JsonObject {
  const { status, spec } = jwt;
  const token = secret?.token.state === 'valid' ? secret.token : undefined;
  if (!spec.ok || (!hasSigned && token === undefined)) return recordedKey(status);
  const { keyId, algorithm } = spec.value;
  const isProved = hasSigned || (token?.signature === 'verified' && !isKeyChanged(status, key));
  if (key.state === 'read' && isProved) {
    return {
      keyId,
      keyThumbprint: key.key.thumbprint,
      publicKey: JSON.stringify(publishedJwk(key.key.publicJwk, keyId, algorithm)),
      keyVersion: key.version,
    };
  }
  // A valid token carries the kid of the spec, whatever was recorded.
  const publicJwk = parsePublicJwk(stringMember(status, 'publicKey'));
  const publicKey =
    publicJwk === undefined ? {} : { publicKey: JSON.stringify(publishedJwk(publicJwk, keyId, algorithm)) };
  return { ...recordedKey(status), keyId, ...publicKey };
}

/**
 * Whether two texts in `status.publicKey` are the same key. Earlier versions left `kid`, `alg` and `use` out: that alone
 * is no reason to write a status, or an upgrade would write all of them.
 */
export function isSamePublicKey(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return isDeepStrictEqual(bareKey(one), bareKey(other));
}

function bareKey(text: unknown): unknown {
  const jwk = typeof text === 'string' ? parsePublicJwk(text) : undefined;
  return jwk === undefined ? text : bareJwk(jwk);
}

function recordedKey(status: JsonObject): JsonObject {
  const members = ['keyId', 'keyThumbprint', 'publicKey', 'keyVersion'].map(
    (name) => [name, status[name]] as const,
  );
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}
