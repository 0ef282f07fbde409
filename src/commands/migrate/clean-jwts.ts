import { isConflict, isNotFound, KubeError } from '../../kube/errors.ts';
import { JWTS } from '../../kube/known-resources.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { ObjectName } from '../../resources/object-key.ts';
import { describeApiError } from '../cluster/api-errors.ts';
import type { Access } from '../cluster/connect.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import { cleaningPatch, findKopfLeftovers, type KopfLeftovers } from '../token-manager/kopf-leftovers.ts';

/** A JWT with leftovers, as it was listed. */
interface JwtWithLeftovers extends ObjectName {
  readonly object: JsonObject;
  readonly leftovers: KopfLeftovers;
}

/** One JWT with leftovers, as `-o json` prints it, and what was done about them. */
export interface CleanedJwt extends ObjectName {
  /** The leftovers of token-manager on it. */
  readonly legacyMarkers: KopfLeftovers;
  /** `found`: nothing was changed, because of --dry-run or because token-manager runs, or may run. */
  readonly outcome: 'found' | 'cleaned' | 'failed';
  /** Why it failed. */
  readonly problem?: string;
}

/** The state of all JWTs afterwards. `isSilent`: the API server did not answer at last. */
interface Cleaning {
  readonly jwts: readonly CleanedJwt[];
  readonly isSilent: boolean;
}

/** A JWT that changed between reading and patching is read again; none changes so often. */
const MAX_TRIES = 5;

/** The JWTs at the path that have leftovers. */
export async function listWithLeftovers(
  client: Access['client'],
  path: string,
): Promise<readonly JwtWithLeftovers[]> {
  const { items } = await client.listMapped(path, { map: readLeftovers });
  return items.filter((jwt) => jwt !== undefined);
}

function readLeftovers(object: JsonObject): JwtWithLeftovers | undefined {
  const leftovers = findKopfLeftovers(object);
  if (leftovers === undefined) return undefined;
  const metadata = objectMember(object, 'metadata');
  const [namespace, name] = [stringMember(metadata, 'namespace') ?? '', stringMember(metadata, 'name') ?? ''];
  return { object, namespace, name, leftovers };
}

/** The line of the report about a JWT. */
export function reportCleaned(
  { namespace, name, leftovers }: JwtWithLeftovers,
  outcome: CleanedJwt['outcome'],
  problem?: string,
): CleanedJwt {
  const common = { namespace, name, legacyMarkers: leftovers, outcome };
  return problem === undefined ? common : { ...common, problem };
}

/** A refusal is reported, and the other JWTs are still cleaned; without an answer no more are tried. */
export async function cleanJwts(
  { client, printer }: Access,
  found: readonly JwtWithLeftovers[],
): Promise<Cleaning> {
  let isSilent = false;
  const jwts = await inParallel(found, async (jwt) => {
    if (isSilent) return reportCleaned(jwt, 'failed', 'not tried: the API server did not answer');
    const error = await cleanOne(client, jwt);
    if (error === undefined) return reportCleaned(jwt, 'cleaned');
    isSilent ||= error.status === 0;
    return reportCleaned(jwt, 'failed', describeApiError(error, printer));
  });
  return { jwts, isSilent };
}

/** The error that prevented it; `undefined` once the leftovers are gone, also if another client removed them. */
async function cleanOne(client: Access['client'], jwt: JwtWithLeftovers): Promise<KubeError | undefined> {
  const path = resourcePath(JWTS, {
    ...(jwt.namespace === '' ? {} : { namespace: jwt.namespace }),
    name: jwt.name,
  });
  for (let tries = 1; ; tries += 1) {
    try {
      const present = tries === 1 ? jwt : readLeftovers(await client.get(path));
      if (present !== undefined)
        await client.mergePatch(path, cleaningPatch(present.object, present.leftovers));
      return undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!(error instanceof KubeError)) throw error;
      if (!isConflict(error) || tries === MAX_TRIES) return error;
    }
  }
}
