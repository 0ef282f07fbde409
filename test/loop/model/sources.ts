import { KeyCache } from '../../../src/loop/key-cache.ts';
import { PublicKeys } from '../../../src/loop/public-keys.ts';
import { parseTokenSecret, type Observer } from '../../../src/loop/observe.ts';
import type { JsonObject } from '../../../src/resources/json.ts';
import type { Jwt } from '../../../src/resources/jwt.ts';
import { MANAGED_LABEL } from '../../../src/resources/names.ts';
import { parseSecretMetadata } from '../../../src/resources/secret.ts';
import { NRP_KEY } from '../../fixtures/keys.ts';

/** JSON of a Secret; `more` has members of its metadata. */
export function wireSecret(
  name: string,
  data: Readonly<Record<string, string>>,
  more: object = {},
): JsonObject {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const metadata = { namespace: 'science', name, uid: `uid-${name}`, resourceVersion: '5', ...more };
  return { metadata, data: Object.fromEntries(encoded) };
}

export const KEY_SECRET = wireSecret('k', { 'key.pem': NRP_KEY });
/** A spec that signs with this key. */
export const WITH_KEY = { key: { secret: { name: 'k', key: 'key.pem' } } };

/** Sources whose caches hold `seen`, while the API server answers with `stored`. Reads are recorded. */
export function makeSources(
  seen: readonly JsonObject[],
  stored: readonly JsonObject[] = seen,
  jwts: readonly Jwt[] = [],
) {
  const reads: string[] = [];
  const parsed = new Map([...seen, ...stored].map((object) => [object, parseSecretMetadata(object)]));
  const find = (objects: readonly JsonObject[], namespace: string, name: string): JsonObject | undefined =>
    objects.find((object) => {
      const metadata = parsed.get(object);
      return metadata?.namespace === namespace && metadata.name === name;
    });
  const isManaged = (object: JsonObject): boolean => parsed.get(object)?.labels[MANAGED_LABEL] === 'true';
  const managed = seen.filter(isManaged).map((object) => [object, parseTokenSecret(object)] as const);
  const observer: Observer = {
    keyCache: new KeyCache(),
    publicKeys: new PublicKeys(),
    legacyKeyNamespace: undefined,
    sources: {
      isListed: () => true,
      jwt: (namespace, name) => jwts.find((jwt) => jwt.namespace === namespace && jwt.name === name),
      tokenSecret: (namespace, name) =>
        managed.find(([object]) => object === find(seen, namespace, name))?.[1],
      secretMetadata: (namespace, name) => {
        const found = find(seen, namespace, name);
        return found === undefined || isManaged(found) ? undefined : parsed.get(found);
      },
      readSecret: async (namespace, name) => {
        reads.push(`${namespace}/${name}`);
        return find(stored, namespace, name);
      },
      readJwt: async (namespace, name) => {
        reads.push(`jwt ${namespace}/${name}`);
        return jwts.find((jwt) => jwt.namespace === namespace && jwt.name === name);
      },
    },
  };
  return { observer, reads };
}
