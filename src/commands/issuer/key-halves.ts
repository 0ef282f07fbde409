import type { JWK } from 'jose';
import type { JsonObject } from '../../resources/json.ts';
import type { NewKey } from '../../signing/generate-key.ts';
import { publishedJwk } from '../../signing/key/public-jwk.ts';

/** The data key under which a private key is stored in its Secret. */
export const KEY_FILE = 'key.pem';

/** The Secret of the private key as wire JSON. */
export function keySecret(
  { name, namespace }: { readonly name: string; readonly namespace: string | undefined },
  pem: string,
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    type: 'Opaque',
    stringData: { [KEY_FILE]: pem },
  };
}

/** The name of the Secret that `keygen` makes for a JWT. */
export function keySecretName(jwt: string): string {
  return `${jwt}-key`;
}

/** The public half as the issuer publishes it; its `kid` is the thumbprint (RFC 7638), as Pelican makes it. */
export function jwkFor({ key }: NewKey): JWK & { readonly kid: string } {
  return { ...publishedJwk(key.publicJwk, key.thumbprint, key.algorithm), kid: key.thumbprint };
}
