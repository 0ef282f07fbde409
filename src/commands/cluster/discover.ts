import { findObject } from '../../kube/find-object.ts';
import { arrayMember, member, stringMember } from '../../resources/json.ts';
import { GROUP, PLURAL, VERSION } from '../../resources/names.ts';
import type { Access } from './connect.ts';

/** The group and version of the resource JWT. */
export const JWT_API = `${GROUP}/${VERSION}`;

/** The resource JWT as the API server offers it. */
export interface JwtApi {
  readonly namespaced: boolean;
  readonly hasStatus: boolean;
}

/** Finds JWTs by discovery, which everybody is allowed to read, unlike the CRD itself. `undefined`: there is no such resource. */
export async function discoverJwts(client: Access['client']): Promise<JwtApi | undefined> {
  return readJwtApi(await discover(client, JWT_API));
}

/** Reads the scope of JWTs, and whether they have a status, from the resources of `JWT_API`. */
export function readJwtApi(resources: readonly unknown[]): JwtApi | undefined {
  const own = resources.find((resource) => stringMember(resource, 'name') === PLURAL);
  if (own === undefined) return undefined;
  return {
    namespaced: member(own, 'namespaced') === true,
    hasStatus: resources.some((resource) => stringMember(resource, 'name') === `${PLURAL}/status`),
  };
}

/** The resources of a group and version; there are none if the API server does not know it. */
export async function discover(client: Access['client'], groupVersion: string): Promise<readonly unknown[]> {
  return arrayMember(await findObject(client, `/apis/${groupVersion}`), 'resources');
}
