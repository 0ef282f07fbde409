import type { JsonObject } from '../../resources/json.ts';
import { GROUP, KIND, VERSION } from '../../resources/names.ts';
import type { NewKeyAlgorithm } from '../../signing/generate-key.ts';
import { WLCG_ANY, WLCG_VERSION } from '../../signing/profiles.ts';
import { KEY_FILE, keySecretName } from '../issuer/key-halves.ts';
import { printYamlValue } from '../yaml/print-yaml-value.ts';

/** The choices of the author. */
export interface KeyPlan {
  /** The name of the JWT. */
  readonly name: string;
  /** `undefined`: the one in which the manifests are applied. */
  readonly namespace: string | undefined;
  readonly issuer: string;
  readonly algorithm: NewKeyAlgorithm;
  readonly scope: string;
  readonly subject: string;
}

/** A JWT that every verifier of OSDF accepts, for six hours at a time: the longest that WLCG allows by default. */
export function jwtFor(plan: KeyPlan, keyId: string): JsonObject {
  const { name, namespace, issuer, algorithm, scope, subject } = plan;
  // Named where it is known: the service may read a key without a namespace from elsewhere (--legacy-key-namespace).
  const here = namespace === undefined ? {} : { namespace };
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    metadata: { name, ...here },
    spec: {
      issuer,
      keyId,
      algorithm,
      data: { scope, sub: subject, aud: [WLCG_ANY], 'wlcg.ver': WLCG_VERSION },
      expiryTime: { hours: 6 },
      key: { secret: { name: keySecretName(name), key: KEY_FILE, ...here } },
    },
  };
}

/** An object as YAML, as Kubernetes reads it. */
export function toYaml(object: JsonObject): string {
  return printYamlValue(object);
}
