import { objectMember, stringMember } from '../../resources/json.ts';
import type { Jwt } from '../../resources/jwt.ts';
import type { ObjectName } from '../../resources/object-key.ts';
import type { RecordedStatus, RetiredKey } from '../../resources/recorded-status.ts';
import { looksLikeOldKey, type OldKey } from './old-key.ts';

/** Another JWT that signs with the key that is being replaced. */
export interface Sharer extends ObjectName {
  /** Below whose URL its key is published. */
  readonly issuer: string | undefined;
}

/** The relation of a JWT to the key that is being replaced. */
interface Relation extends ObjectName {
  readonly sharer: Sharer | undefined;
  /** The tokens of another that need the old key, as far as issuer and `kid` say. */
  readonly tokens: readonly RetiredKey[];
  /** Whether its key is in the place of the old one, or may be. */
  readonly isPlaceUsed: boolean;
}

interface RotatedKey {
  readonly jwt: ObjectName;
  readonly old: OldKey;
  readonly legacyKeyNamespace: string | undefined;
}

/**
 * The relation of a JWT, given as its wire JSON as well, to the old key. It signs with the key that its spec names: the status
 * says which tokens it has, and keeps saying so while it cannot sign. One that is being deleted signs no more, and its
 * token may be in use until it expires.
 */
export function relateToOldKey(
  other: Jwt,
  object: unknown,
  { jwt, old, legacyKeyNamespace }: RotatedKey,
): Relation {
  const { namespace, name, recorded, isDeleting } = other;
  const named = namedPlace(object);
  const from = named.namespace ?? legacyKeyNamespace;
  const isOfName =
    !isDeleting &&
    old.place !== undefined &&
    named.name === old.place.name &&
    (old.place.dataKey === undefined || named.dataKey === old.place.dataKey);
  const isInPlace = isOfName && (from ?? namespace) === old.place.namespace;
  // Without the flag nobody says where the service reads a key that names no namespace.
  const isPlaceUsed = isInPlace || (isOfName && from === undefined);
  if (isSameJwt(other, jwt)) return { namespace, name, sharer: undefined, tokens: [], isPlaceUsed };
  // Everybody may write a `kid` and an issuer: in another namespace a signature with the key counts, and nothing else.
  const isSharing = hasSigned(recorded, old)
    ? isInPlace || recorded.issuer === old.issuer
    : isInPlace && namespace === jwt.namespace;
  const isSharer = !isDeleting && named.keyId === old.keyId && isSharing;
  return {
    namespace,
    name,
    sharer: isSharer ? { namespace, name, issuer: recorded.issuer } : undefined,
    tokens: isSharer ? [] : tokensOf(recorded).filter((tokens) => looksLikeOldKey(tokens, old)),
    isPlaceUsed,
  };
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

function hasSigned({ keyId, keyThumbprint }: RecordedStatus, old: OldKey): boolean {
  const isKnown = keyThumbprint !== undefined && old.thumbprint !== undefined;
  return keyId === old.keyId && (!isKnown || keyThumbprint === old.thumbprint);
}

/** The keys of the current token and of earlier ones. */
function tokensOf({ publicKey, expiresAt, issuer, retiredKeys = [] }: RecordedStatus): readonly RetiredKey[] {
  if (publicKey === undefined || expiresAt === undefined || issuer === undefined) return retiredKeys;
  return [{ publicKey, expiresAt, issuer }, ...retiredKeys];
}

function isSameJwt(one: ObjectName, other: ObjectName): boolean {
  return one.namespace === other.namespace && one.name === other.name;
}
