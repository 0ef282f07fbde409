import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { resourcePath, type Resource } from '../../kube/resource-path.ts';
import type { JsonObject } from '../../resources/json.ts';
import type { Access } from './connect.ts';
import { describeRequest } from './api-errors.ts';

/** The namespaces to list: all, else the one; `undefined` for a resource that has no namespace. */
interface Scope {
  readonly everywhere: boolean;
  readonly namespace: string | undefined;
}

/** The objects that were found. `forbidden`: the requests that were refused, in words to follow "you are not allowed to". */
export interface TriedList<T = JsonObject> {
  readonly items: readonly T[];
  readonly forbidden: readonly string[];
}

/**
 * In all namespaces if asked for and allowed, else in the one. A kind that the cluster does not know has no objects.
 */
export async function tryList(
  client: Access['client'],
  resource: Resource,
  { everywhere, namespace }: Scope,
  fieldSelector?: string,
): Promise<TriedList> {
  try {
    const path = resourcePath(resource, everywhere || namespace === undefined ? {} : { namespace });
    const { items } = await client.list(path, { query: { fieldSelector } });
    return { items, forbidden: [] };
  } catch (error) {
    if (isNotFound(error)) return { items: [], forbidden: [] };
    if (!isForbidden(error)) throw error;
    const request = describeRequest(error);
    if (!everywhere || namespace === undefined) return { items: [], forbidden: [request] };
    const inOne = await tryList(client, resource, { everywhere: false, namespace }, fieldSelector);
    return { items: inOne.items, forbidden: [request, ...inOne.forbidden] };
  }
}
