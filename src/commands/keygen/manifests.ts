import type { JWK } from 'jose';
import { stringify } from 'yaml';
import type { JsonObject } from '../../resources/json.ts';
import { GROUP, KIND, VERSION } from '../../resources/names.ts';
import type { NewKey, NewKeyAlgorithm } from '../../signing/generate-key.ts';
import { publishedJwk } from '../../signing/key.ts';
import { WLCG_ANY, WLCG_VERSION } from '../../signing/profiles.ts';

/** The data key under which a private key is stored in its Secret. */
export const KEY_FILE = 'key.pem';

/** What the author chose. */
export interface KeyPlan {
  /** Of the JWT. */
  readonly name: string;
  /** `undefined`: the one in which the manifests are applied. */
  readonly namespace: string | undefined;
  readonly issuer: string;
  readonly algorithm: NewKeyAlgorithm;
  readonly scope: string;
  readonly subject: string;
}

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

/** A JWT that every verifier of OSDF accepts, for six hours at a time: the longest that WLCG allows by default. */
export function jwtFor(plan: KeyPlan, keyId: string): JsonObject {
  const { name, namespace, issuer, algorithm, scope, subject } = plan;
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      issuer,
      keyId,
      algorithm,
      data: { scope, sub: subject, aud: [WLCG_ANY], 'wlcg.ver': WLCG_VERSION },
      expiryTime: { hours: 6 },
      key: { secret: { name: keySecretName(name), key: KEY_FILE } },
    },
  };
}

/** The public half as the issuer publishes it; its `kid` is the thumbprint (RFC 7638), as Pelican makes it. */
export function jwkFor({ key }: NewKey): JWK & { readonly kid: string } {
  return { ...publishedJwk(key.publicJwk, key.thumbprint, key.algorithm), kid: key.thumbprint };
}

/** An object as YAML, as Kubernetes reads it. */
export function toYaml(object: JsonObject): string {
  return stringify(object, { lineWidth: 0 });
}
