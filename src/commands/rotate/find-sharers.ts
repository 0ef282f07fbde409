import type { ObjectName } from '../../resources/object-key.ts';
import { isForbidden } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { locateKey } from '../../reconcile/key-access.ts';
import { parseJwt, type Jwt } from '../../resources/jwt.ts';
import type { Access } from '../cluster/connect.ts';
import type { Rotation } from '../issuer/rotation.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** Another JWT that signs with the key that is being replaced. */
export interface Sharer extends ObjectName {
  /** Below whose URL its key is published. */
  readonly issuer: string | undefined;
}

/** The JWTs that need the old key, as far as the caller may know. */
export interface Sharers {
  readonly jwts: readonly Sharer[];
  /** Whether the key of another JWT, this one or another key, is in the Secret of the old one, or may be. */
  readonly isSecretUsed: boolean;
  /** Other namespaces, or this one as well, could not be looked into. */
  readonly isPartial: boolean;
}

/** Lists JWTs, in all namespaces if that is allowed. Other refusals of the API server are thrown. */
export async function findSharers(
  { client, namespace }: Pick<Access, 'client' | 'namespace'>,
  jwt: Jwt,
  rotation: Rotation | undefined,
  legacyKeyNamespace: string | undefined,
): Promise<Sharers> {
  const old = oldKey(jwt, rotation, legacyKeyNamespace);
  const list = async (path: string): Promise<Pick<Sharers, 'jwts' | 'isSecretUsed'>> => {
    const { items } = await client.listMapped(path, {
      map: (object) => {
        const other = parseJwt(object);
        return other.ok ? compare(other.value, jwt, old, legacyKeyNamespace) : UNRELATED;
      },
    });
    return {
      jwts: items.flatMap(({ sharer }) => (sharer === undefined ? [] : [sharer])),
      isSecretUsed: items.some(({ isInSecret }) => isInSecret),
    };
  };
  const all = await unlessForbidden(list(resourcePath(JWTS)));
  if (all !== undefined) return { ...all, isPartial: false };
  const own = await unlessForbidden(list(resourcePath(JWTS, { namespace })));
  return { ...(own ?? { jwts: [], isSecretUsed: true }), isPartial: true };
}

async function unlessForbidden<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return undefined;
  }
}

interface Relation {
  readonly sharer: Sharer | undefined;
  readonly isInSecret: boolean;
}

const UNRELATED: Relation = { sharer: undefined, isInSecret: false };

/** A key is the same by its `kid`, in one Secret or below one issuer: a Secret may hold several, and several Secrets the same. */
function compare(other: Jwt, jwt: Jwt, old: OldKey, legacyKeyNamespace: string | undefined): Relation {
  const isItself = other.namespace === jwt.namespace && other.name === jwt.name;
  if (isItself || other.isDeleting || !other.spec.ok) return UNRELATED;
  const source = other.spec.value.key;
  const place = locateKey(other, source, legacyKeyNamespace);
  const isOfName = old.secret !== undefined && place?.name === old.secret.name;
  const isInSecret = isOfName && place.namespace === old.secret.namespace;
  // Without the flag nobody says where the service reads a key that names no namespace.
  const mayBeInSecret =
    isOfName && source.from === 'secret' && (source.namespace ?? legacyKeyNamespace) === undefined;
  const { issuer, keyId = other.spec.value.keyId } = other.recorded;
  const isSameKey = keyId === old.keyId && (isInSecret || issuer === jwt.recorded.issuer);
  const { namespace, name } = other;
  return {
    sharer: isSameKey ? { namespace, name, issuer } : undefined,
    isInSecret: isInSecret || mayBeInSecret,
  };
}

interface OldKey {
  readonly keyId: string | undefined;
  /** `undefined` if it is elsewhere, or is not known any more. */
  readonly secret: ObjectName | undefined;
}

function oldKey(jwt: Jwt, rotation: Rotation | undefined, legacyKeyNamespace: string | undefined): OldKey {
  const { namespace, recorded, spec } = jwt;
  if (rotation?.switchedAt === undefined) {
    const secret = spec.ok ? locateKey(jwt, spec.value.key, legacyKeyNamespace) : undefined;
    return { keyId: recorded.keyId, secret };
  }
  const { previousKeyId, previousSecret } = rotation;
  const secret = previousSecret === undefined ? undefined : { namespace, name: previousSecret };
  return { keyId: previousKeyId, secret };
}
