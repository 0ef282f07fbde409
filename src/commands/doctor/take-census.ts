import { isDenied } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { toSeconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { count, emptyCensus, type JwtCensus } from './jwt-census.ts';
import { tryRead, type ReadResult } from '../cluster/read-result.ts';
import { JWTS } from '../../kube/known-resources.ts';

type ListClient = Pick<Access['client'], 'listMapped'>;

/** More JWTs are not read: a list that long takes half a minute. */
const MAX_COUNTED_JWTS = 100_000;
/** For the whole list. */
const LIST_MS = 60_000;

/** The JWTs that are counted. */
interface CensusPlace {
  /** The one namespace that is read if all cannot be listed. */
  readonly namespace: string;
  /** The namespaces that jwt-injector is limited to; `undefined`: all. */
  readonly served: readonly string[] | undefined;
}

/** Counts the JWTs of all namespaces, or of the one if those cannot be listed. */
export async function takeCensus(
  client: ListClient,
  place: CensusPlace,
  most = MAX_COUNTED_JWTS,
): Promise<ReadResult<JwtCensus>> {
  const everywhere = await tryRead(() => countJwts(client, place, { only: undefined, most }));
  if (everywhere.state !== 'unread') return everywhere;
  const only = { namespace: place.namespace, why: everywhere.why };
  return tryRead(() => countJwts(client, place, { only, most }));
}

async function countJwts(
  client: ListClient,
  { served }: CensusPlace,
  { only, most }: { readonly only: JwtCensus['only']; readonly most: number },
): Promise<JwtCensus> {
  const census = emptyCensus(only, served);
  const enough = new AbortController();
  const now = toSeconds(Date.now());
  try {
    await client.listMapped(resourcePath(JWTS, only === undefined ? {} : { namespace: only.namespace }), {
      signal: AbortSignal.any([enough.signal, AbortSignal.timeout(LIST_MS)]),
      withoutManagedFields: true,
      map: (object) => {
        if (census.seen.size < most) count(census, object, now);
        else {
          census.isCut = true;
          enough.abort();
        }
      },
    });
  } catch (error) {
    // The JWTs counted until then are reported, together with the fact that they are not all.
    if (isDenied(error) || census.seen.size === 0) throw error;
    census.isCut = true;
  }
  return census;
}
