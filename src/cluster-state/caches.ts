import { Cache } from '../kube/watch/cache.ts';
import { SharedValues } from '../kube/watch/shared-values.ts';
import type { JsonObject } from '../resources/json.ts';
import { keySourceOf, parseJwt, type Jwt } from '../resources/jwt.ts';
import { KIND } from '../resources/names.ts';
import { parseOtherSecret, type SecretMetadata } from '../resources/secret.ts';
import { InlineKeys } from './inline-keys.ts';
import { keepLabelledSecrets, type LabelledSecrets } from './labelled-secrets.ts';
import { digestLongClaims, packClaims } from './packed-claims.ts';

/** The objects of the cluster, as little of each as the loop needs. `parse` reads that from its wire JSON. */
export interface Caches {
  readonly jwts: {
    readonly cache: Cache<Jwt>;
    readonly parse: (object: JsonObject) => Jwt | undefined;
  };
  readonly labelled: LabelledSecrets;
  /** All other Secrets: one of them may be a key, or a Secret of token-manager. */
  readonly unlabelled: {
    readonly cache: Cache<SecretMetadata>;
    readonly parse: (object: JsonObject) => SecretMetadata;
  };
}

/** Empty ones; list-watches and writes fill them. */
export function createCaches(): Caches {
  const shared = new SharedValues();
  const jwts = new Cache<Jwt>();
  const keys = new InlineKeys();
  /** The JWT that was parsed last; one with a private key must not stay because of that. */
  let latest: { deref(): Jwt | undefined } | undefined;
  return {
    jwts: {
      cache: jwts,
      parse: (object) => {
        const jwt = readNamespacedJwt(object);
        if (jwt === undefined) return undefined;
        // To look for equal parts in long claims would take several times as long as to read them.
        const small = keys.share(shared.share(digestLongClaims(jwt), latest?.deref()));
        latest = keySourceOf(small)?.from === 'value' ? new WeakRef(small) : { deref: () => small };
        return packClaims(small);
      },
    },
    labelled: keepLabelledSecrets(jwts, shared),
    unlabelled: { cache: new Cache(), parse: (object) => shared.share(parseOtherSecret(object)) },
  };
}

/** A JWT of a cluster-scoped CRD, as some charts of token-manager had it, has no namespace to write a Secret to. */
export function readNamespacedJwt(object: JsonObject): Jwt | undefined {
  const jwt = parseJwt({ kind: KIND, ...object });
  return jwt.ok && jwt.value.namespace !== '' ? jwt.value : undefined;
}
