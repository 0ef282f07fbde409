import { ADOPT, LAST_SIGNING_TIME, OWNING_JWT } from '../../../src/resources/names.ts';
import type { ModelJwt } from './model-cluster.ts';
import { valuesOf, type ModelSecret } from './secret.ts';

/** Whether the Secret belongs to the JWT. */
export function isOurs(jwt: ModelJwt, { fields }: ModelSecret): boolean {
  const owners = Object.entries(valuesOf(fields, 'owners'));
  const isController = (owner: unknown): boolean => JSON.stringify(owner).includes('"controller":true');
  if (owners.some(([uid, owner]) => uid !== jwt.uid && isController(owner))) return false;
  if (owners.some(([uid]) => uid === jwt.uid)) return true;
  const named = fields.get(`annotations/${OWNING_JWT}`)?.value;
  const isSigned = fields.has(`annotations/${LAST_SIGNING_TIME}`);
  if (named === undefined ? isSigned : named === `${jwt.namespace}/${jwt.name}`) return true;
  return fields.get(`annotations/${ADOPT}`)?.value === jwt.name;
}

/**
 * Whether the only change is that owners were removed, or replaced by the name of the JWT: then its content
 * outlives them.
 */
export function isDisownedAlone(before: ModelSecret | undefined, after: ModelSecret): boolean {
  const paths = new Set([...(before?.fields.keys() ?? []), ...after.fields.keys()]);
  return [...paths].every((path) => {
    const isKept = before?.fields.get(path)?.value === after.fields.get(path)?.value;
    return (
      isKept ||
      path === `annotations/${OWNING_JWT}` ||
      (path.startsWith('owners/') && !after.fields.has(path))
    );
  });
}
