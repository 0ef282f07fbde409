import type { ObjectName } from '../../resources/object-key.ts';
import { isForbidden } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { locateKey } from '../../reconcile/key-access.ts';
import { objectMember, stringMember } from '../../resources/json.ts';
import { parseJwt, type Jwt } from '../../resources/jwt.ts';
import type { Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import type { Rotation } from '../issuer/rotation.ts';
import { JWTS } from '../../kube/known-resources.ts';
import { lastTokenUntil, type RotationState } from './next-step.ts';

/** Another JWT that signs with the key that is being replaced. */
export interface Sharer extends ObjectName {
  /** Below whose URL its key is published. */
  readonly issuer: string | undefined;
}

/** Another JWT that signed with the key that is being replaced. */
export interface FormerSharer extends ObjectName {
  /** Until when the key is needed for its last token, in seconds since the epoch. */
  readonly until: Seconds;
}

/** The JWTs that need the old key, as far as the caller may know. */
export interface Sharers {
  readonly jwts: readonly Sharer[];
  readonly former: readonly FormerSharer[];
  /** Whether the key of a JWT, the rotated one included, is in the place of the old one, or may be. */
  readonly isPlaceUsed: boolean;
  /** Other namespaces, or this one as well, could not be looked into. */
  readonly isPartial: boolean;
}

/** Lists JWTs, in all namespaces if that is allowed. Other refusals of the API server are thrown. */
export async function findSharers(
  { client, namespace }: Pick<Access, 'client' | 'namespace'>,
  { jwt, rotation, now }: Pick<RotationState, 'jwt' | 'rotation' | 'now'>,
  legacyKeyNamespace: string | undefined,
): Promise<Sharers> {
  const old = oldKey(jwt, rotation, legacyKeyNamespace);
  const list = async (path: string): Promise<Omit<Sharers, 'isPartial'>> => {
    const { items } = await client.listMapped(path, {
      map: (object) => {
        const other = parseJwt(object);
        if (!other.ok || isDeletedOther(other.value, jwt)) return undefined;
        const place = { named: namedPlace(object), legacyKeyNamespace };
        return compare(other.value, place, { jwt, old, now });
      },
    });
    const relations = items.filter((relation) => relation !== undefined);
    return {
      jwts: relations.flatMap(({ sharer }) => sharer ?? []),
      former: relations.flatMap(({ former }) => former ?? []),
      isPlaceUsed: relations.some(({ isInPlace }) => isInPlace),
    };
  };
  const all = await unlessForbidden(list(resourcePath(JWTS)));
  if (all !== undefined) return { ...all, isPartial: false };
  const own = await unlessForbidden(list(resourcePath(JWTS, { namespace })));
  return { ...(own ?? { jwts: [], former: [], isPlaceUsed: true }), isPartial: true };
}

async function unlessForbidden<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return undefined;
  }
}

/** The place of a JWT's key, as its spec names it. */
interface NamedPlace {
  readonly keyId: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly dataKey: string | undefined;
}

/** Read from the wire: a spec that cannot be served today may be fixed tomorrow, and then needs its key. */
function namedPlace(object: unknown): NamedPlace {
  const spec = objectMember(object, 'spec');
  const secret = objectMember(objectMember(spec, 'key'), 'secret');
  const namespace = stringMember(secret, 'namespace');
  return {
    keyId: stringMember(spec, 'keyId'),
    namespace: namespace === '' ? undefined : namespace,
    name: stringMember(secret, 'name'),
    dataKey: stringMember(secret, 'key'),
  };
}

interface Relation {
  readonly sharer: Sharer | undefined;
  readonly former: FormerSharer | undefined;
  readonly isInPlace: boolean;
}

/** A key is the same by its `kid`, in one place or below one issuer: a Secret may hold several, and several Secrets the same. */
function compare(
  other: Jwt,
  { named, legacyKeyNamespace }: { named: NamedPlace; legacyKeyNamespace: string | undefined },
  { jwt, old, now }: { jwt: Jwt; old: OldKey; now: Seconds },
): Relation {
  const { namespace, name, recorded } = other;
  const from = named.namespace ?? legacyKeyNamespace;
  const isOfName =
    old.place !== undefined &&
    named.name === old.place.name &&
    (old.place.dataKey === undefined || named.dataKey === old.place.dataKey);
  const isInPlace = isOfName && (from ?? namespace) === old.place.namespace;
  // Without the flag nobody says where the service reads a key that names no namespace.
  const mayBeInPlace = isOfName && from === undefined;
  if (isSameJwt(other, jwt))
    return { sharer: undefined, former: undefined, isInPlace: isInPlace || mayBeInPlace };
  const { issuer, keyId = named.keyId } = recorded;
  const isSameKey = keyId === old.keyId && (isInPlace || issuer === jwt.recorded.issuer);
  const until = old.keyId === undefined ? undefined : lastTokenUntil(other, old.keyId, jwt.recorded.issuer);
  const isNeeded = !isSameKey && until !== undefined && until > now;
  return {
    sharer: isSameKey ? { namespace, name, issuer } : undefined,
    former: isNeeded ? { namespace, name, until } : undefined,
    isInPlace: isInPlace || mayBeInPlace,
  };
}

/** Its token goes with it, and it signs no other. */
function isDeletedOther(other: Jwt, jwt: Jwt): boolean {
  return other.isDeleting && !isSameJwt(other, jwt);
}

function isSameJwt(one: ObjectName, other: ObjectName): boolean {
  return one.namespace === other.namespace && one.name === other.name;
}

interface OldKey {
  readonly keyId: string | undefined;
  /** `undefined` if it is elsewhere, or is not known any more; so may the data key be. */
  readonly place: (ObjectName & { readonly dataKey: string | undefined }) | undefined;
}

function oldKey(jwt: Jwt, rotation: Rotation | undefined, legacyKeyNamespace: string | undefined): OldKey {
  const { namespace, recorded, spec } = jwt;
  if (rotation?.switchedAt === undefined) {
    const reference = spec.ok ? locateKey(jwt, spec.value.key, legacyKeyNamespace) : undefined;
    return {
      keyId: recorded.keyId,
      place: reference === undefined ? undefined : { ...reference, dataKey: reference.key },
    };
  }
  const { previousKeyId, previousSecret: name, previousDataKey: dataKey } = rotation;
  return { keyId: previousKeyId, place: name === undefined ? undefined : { namespace, name, dataKey } };
}
