import type { ObjectName } from '../../resources/object-key.ts';
import { isForbidden } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { parseJwt } from '../../resources/jwt.ts';
import type { RetiredKey } from '../../resources/recorded-status.ts';
import type { Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { JWTS } from '../../kube/known-resources.ts';
import { MIN_WAIT, type RotationState } from './next-step.ts';
import { findReplacedKey, isOldKey, type OldKey } from './old-key.ts';
import { relateToOldKey, type Sharer } from './relate-to-old-key.ts';

/** Another JWT that has tokens of the key that is being replaced, and signs no more with it. */
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
  const old = findReplacedKey(jwt, rotation, legacyKeyNamespace);
  const list = async (path: string): Promise<Omit<Sharers, 'isPartial'>> => {
    const { items } = await client.listMapped(path, {
      map: (object) => {
        const other = parseJwt(object);
        return other.ok ? relateToOldKey(other.value, object, { jwt, old, legacyKeyNamespace }) : undefined;
      },
    });
    const relations = items.filter((relation) => relation !== undefined);
    const former: FormerSharer[] = [];
    for (const { tokens, ...other } of relations) {
      const until = await lastNeeded(tokens, old);
      if (until > now) former.push({ namespace: other.namespace, name: other.name, until });
    }
    return {
      jwts: relations.flatMap(({ sharer }) => sharer ?? []),
      former,
      isPlaceUsed: relations.some(({ isPlaceUsed }) => isPlaceUsed),
    };
  };
  const all = await unlessForbidden(list(resourcePath(JWTS)));
  if (all !== undefined) return { ...all, isPartial: false };
  const own = await unlessForbidden(list(resourcePath(JWTS, { namespace })));
  return { ...(own ?? { jwts: [], former: [], isPlaceUsed: true }), isPartial: true };
}

async function lastNeeded(tokens: readonly RetiredKey[], old: OldKey): Promise<Seconds> {
  let until: Seconds = 0;
  for (const each of tokens)
    if (await isOldKey(each, old)) until = Math.max(until, each.expiresAt + MIN_WAIT);
  return until;
}

async function unlessForbidden<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return undefined;
  }
}
