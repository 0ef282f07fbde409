import type { JsonObject } from '../../resources/json.ts';
import { KEY_FILE } from '../issuer/key-halves.ts';
import type { Rotation } from '../issuer/rotation.ts';

/**
 * What a merge patch changes in `spec` so that a JWT of that namespace signs with the new key: all of it at once, so that no
 * token is signed with the key of one and the `kid` of the other. The namespace is named, because the service may read a
 * key without one from elsewhere (`--legacy-key-namespace`).
 */
export function newKeySpec({ secret, publicKey }: Rotation, namespace: string): JsonObject {
  return {
    keyId: publicKey.kid,
    algorithm: publicKey.alg,
    key: { value: null, configMap: null, secret: { name: secret, key: KEY_FILE, namespace } },
  };
}
