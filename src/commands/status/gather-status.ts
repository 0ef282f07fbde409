import { isForbidden } from '../../kube/errors.ts';
import { LIVE_PODS } from '../../kube/pods.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import type { JsonObject } from '../../resources/json.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import { findJwtObject } from '../cluster/find-jwt.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import { readJwtState, type JwtState } from './jwt-state.ts';
import { readPodMounts } from './pod-mounts.ts';
import type { Seen } from './status-report.ts';
import type { CommandProblem } from '../command.ts';
import { JWTS, PODS } from '../../kube/known-resources.ts';

/** The choice of JWTs: those of these names, or all of the namespace, or of all namespaces. */
export interface StatusQuery {
  readonly names: readonly string[];
  readonly everywhere: boolean;
}

/** The objects that were read, as far as the caller may list them: perhaps of one namespace alone. */
interface GatheredStatus {
  readonly seen: Seen;
  /** Why names are not shown, each reason once: most often they do not exist. */
  readonly problems: readonly CommandProblem[];
}

/** The collections that `status` is made of; `undefined`: in all namespaces. */
export function pathsOf(namespace: string | undefined): { readonly jwts: string; readonly pods: string } {
  const place = namespace === undefined ? {} : { namespace };
  return { jwts: resourcePath(JWTS, place), pods: resourcePath(PODS, place) };
}

/** Reads JWTs and pods. What the caller is not allowed to read is a note; if that is all JWTs, it is thrown. */
export async function gatherStatus(
  access: Access,
  { names, everywhere }: StatusQuery,
): Promise<GatheredStatus> {
  const { client, namespace } = access;
  const notes: string[] = [];
  const ifAllowed = async <T>(work: () => Promise<T>, consequence: string): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isForbidden(error)) throw error;
      notes.push(`you are not allowed to ${describeRequest(error)}: ${consequence}`);
      return undefined;
    }
  };
  const list = async <T>(
    path: string,
    map: (object: JsonObject) => T | undefined,
    query = {},
  ): Promise<readonly T[]> => {
    const { items } = await client.listMapped(path, { map, query, withoutManagedFields: true });
    return items.filter((item) => item !== undefined);
  };
  if (names.length > 0) {
    const found = await findNamedJwts(access, names);
    const pods = await ifAllowed(() => list(pathsOf(namespace).pods, readPodMounts, LIVE_PODS), NO_PODS);
    return { seen: { jwts: found.jwts, pods, notes, namespace }, problems: found.problems };
  }
  const all = everywhere
    ? await ifAllowed(
        () => list(pathsOf(undefined).jwts, readJwtState),
        `only namespace ${namespace} is shown`,
      )
    : undefined;
  const isWhole = all !== undefined;
  const { jwts: jwtsPath, pods: podsPath } = pathsOf(isWhole ? undefined : namespace);
  const jwts = all ?? (await list(jwtsPath, readJwtState));
  const pods = await ifAllowed(() => list(podsPath, readPodMounts, LIVE_PODS), NO_PODS);
  const shown = isWhole ? undefined : namespace;
  const othersForbidden = everywhere && !isWhole ? true : undefined;
  return { seen: { jwts, pods, notes, namespace: shown, othersForbidden }, problems: [] };
}

const NO_PODS = 'which pods mount a token is not known';

async function findNamedJwts(
  access: Access,
  names: readonly string[],
): Promise<{ readonly jwts: readonly JwtState[]; readonly problems: readonly CommandProblem[] }> {
  const found = await inParallel(names, (name) => findJwtObject(access, access.namespace, name));
  const jwts = found.flatMap((jwt) => (jwt.ok ? [readJwtState(jwt.value.object)] : []));
  // A missing CRD is the same problem for each name.
  const problems = new Map(
    found.flatMap((jwt) => (jwt.ok ? [] : [[jwt.problem.message, jwt.problem] as const])),
  );
  return { jwts: jwts.filter((jwt) => jwt !== undefined), problems: [...problems.values()] };
}
