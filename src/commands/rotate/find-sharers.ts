import { isDenied } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { JWTS } from '../../kube/token-store.ts';
import { locateKey } from '../../reconcile/key-access.ts';
import { parseJwt, type Jwt } from '../../resources/jwt.ts';
import type { Access } from '../cluster/connect.ts';
import type { Rotation } from './rotation.ts';

/** Another JWT that signs with the key that is being replaced. */
export interface Sharer {
  readonly namespace: string;
  readonly name: string;
}

/** The JWTs that sign with the old key, too, as far as the caller may know. */
export interface Sharers {
  readonly jwts: readonly Sharer[];
  /** Other namespaces could not be looked into. */
  readonly isPartial: boolean;
}

/** Lists JWTs, in all namespaces if that is allowed. Other refusals of the API server are thrown. */
export async function findSharers(
  { client, namespace }: Pick<Access, 'client' | 'namespace'>,
  jwt: Jwt,
  rotation: Rotation | undefined,
): Promise<Sharers> {
  const list = (path: string) =>
    client.listMapped(path, {
      map: (object) => {
        const other = parseJwt(object);
        return other.ok && isSharer(other.value, jwt, rotation) ? other.value : undefined;
      },
    });
  try {
    return { jwts: named((await list(resourcePath(JWTS))).items), isPartial: false };
  } catch (error) {
    if (!isDenied(error)) throw error;
    return { jwts: named((await list(resourcePath(JWTS, { namespace }))).items), isPartial: true };
  }
}

function named(jwts: readonly (Jwt | undefined)[]): readonly Sharer[] {
  return jwts.flatMap((jwt) => (jwt === undefined ? [] : [{ namespace: jwt.namespace, name: jwt.name }]));
}

/** By the Secret of the key, or, as keys may lie in several, by the `kid` below one issuer. */
function isSharer(other: Jwt, jwt: Jwt, rotation: Rotation | undefined): boolean {
  const isItself = other.namespace === jwt.namespace && other.name === jwt.name;
  if (isItself || other.deleting || !other.spec.ok) return false;
  const reference = locateKey(other, other.spec.value.key, undefined);
  const old = oldKey(jwt, rotation);
  const isInSecret =
    old.secret !== undefined &&
    reference?.namespace === old.secret.namespace &&
    reference.name === old.secret.name;
  const { issuer, keyId } = other.recorded;
  return isInSecret || (issuer === jwt.recorded.issuer && keyId !== undefined && keyId === old.keyId);
}

interface OldKey {
  readonly keyId: string | undefined;
  readonly secret: { readonly namespace: string; readonly name: string } | undefined;
}

function oldKey(jwt: Jwt, rotation: Rotation | undefined): OldKey {
  const { namespace, recorded, spec } = jwt;
  if (rotation?.switchedAt === undefined) {
    const secret = spec.ok ? locateKey(jwt, spec.value.key, undefined) : undefined;
    return { keyId: recorded.keyId, secret };
  }
  const { previousKeyId, previousSecret } = rotation;
  const secret = previousSecret === undefined ? undefined : { namespace, name: previousSecret };
  return { keyId: previousKeyId, secret };
}
