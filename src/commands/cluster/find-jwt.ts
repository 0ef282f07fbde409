import { closest } from '../../admission/annotations/spelling.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { METADATA_LIST_ONLY } from '../../kube/client.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { parseJwt, type Jwt } from '../../resources/jwt.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Access } from './connect.ts';
import { EXIT, type CommandProblem } from '../command.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** A JWT, and the object of the API server that it was read from. */
export interface FoundJwt {
  readonly jwt: Jwt;
  readonly object: JsonObject;
}

/** Fetches a JWT. A missing one is a problem that names those that exist; other refusals are thrown. */
export async function findJwt(
  access: Pick<Access, 'client' | 'printer'>,
  namespace: string,
  name: string,
): Promise<Result<Jwt, CommandProblem>> {
  const found = await findJwtObject(access, namespace, name);
  return found.ok ? ok(found.value.jwt) : found;
}

/** As `findJwt`, with the whole object, of which a JWT keeps few annotations. */
export async function findJwtObject(
  { client, printer }: Pick<Access, 'client' | 'printer'>,
  namespace: string,
  name: string,
): Promise<Result<FoundJwt, CommandProblem>> {
  const object = await findObject(client, resourcePath(JWTS, { namespace, name }));
  if (object === undefined) return fail(await explainMissing({ client, printer }, namespace, name));
  const jwt = parseJwt(object);
  return jwt.ok ? ok({ jwt: jwt.value, object }) : fail({ exit: EXIT.refused, message: jwt.problem });
}

const MAX_NAMES = 8; // a line stays a line

async function explainMissing(
  { client, printer }: Pick<Access, 'client' | 'printer'>,
  namespace: string,
  name: string,
): Promise<CommandProblem> {
  const problem = `there is no JWT "${name}" in namespace ${namespace}`;
  try {
    const names = await listNames(client, namespace);
    const meant = closest(name, names);
    const shown = names.slice(0, MAX_NAMES).join(', ');
    const hint =
      meant !== undefined
        ? `did you mean ${meant}?`
        : names.length === 0
          ? 'nor any other: choose another namespace with -n'
          : `there are ${shown}${names.length > MAX_NAMES ? ' …' : ''}`;
    return { exit: EXIT.refused, message: `${problem}; ${hint}` };
  } catch (error) {
    if (isNotFound(error)) {
      const message =
        'this cluster has no namespaced JWTs: install the CRD of jwt-injector ' +
        `(${printer.jwtInjector('migrate', 'check')} shows what there is)`;
      return { exit: EXIT.outside, message };
    }
    if (!isForbidden(error)) throw error;
    return { exit: EXIT.refused, message: problem };
  }
}

/** The names of all JWTs in a namespace. Refusals of the API server are thrown. */
export async function listNames(client: Access['client'], namespace: string): Promise<readonly string[]> {
  const { items } = await client.listMapped(resourcePath(JWTS, { namespace }), {
    accept: METADATA_LIST_ONLY,
    map: (object) => stringMember(objectMember(object, 'metadata'), 'name') ?? '',
  });
  return items;
}
