import type { JsonObject } from '../../resources/json.ts';
import { KEY_FILE } from '../issuer/key-halves.ts';
import type { Rotation } from '../issuer/rotation.ts';

/**
 * The members of `spec` with which a JWT of that namespace signs with the new key. The namespace is named, because the service
 * may read a key without one from elsewhere (`--legacy-key-namespace`).
 */
export function newKeySpec({ secret, publicKey }: Rotation, namespace: string) {
  return {
    keyId: publicKey.kid,
    algorithm: publicKey.alg,
    key: { secret: { name: secret, key: KEY_FILE, namespace } },
  };
}

/**
 * {@link newKeySpec} as a merge patch, which removes a key in another place: all of it at once, so that no token is signed
 * with the key of one and the `kid` of the other.
 */
export function newKeyPatch(rotation: Rotation, namespace: string): JsonObject {
  const { key, ...spec } = newKeySpec(rotation, namespace);
  return { ...spec, key: { value: null, configMap: null, ...key } };
}
