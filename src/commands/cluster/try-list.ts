import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { resourcePath, type Resource } from '../../kube/resource-path.ts';
import type { JsonObject } from '../../resources/json.ts';
import type { Access } from './connect.ts';
import { describeRequest } from './api-errors.ts';

/** The namespaces to list: all, else the one; `undefined` for a resource that has no namespace. */
export interface Scope {
  readonly everywhere: boolean;
  readonly namespace: string | undefined;
}

/**
 * In all namespaces if asked for and allowed, else in the one. What the caller is not allowed to list is added to
 * `forbidden`; a kind that the cluster does not know has no objects.
 */
export async function tryList(
  client: Access['client'],
  resource: Resource,
  { everywhere, namespace }: Scope,
  forbidden: Set<string>,
  fieldSelector?: string,
): Promise<readonly JsonObject[]> {
  try {
    const path = resourcePath(resource, everywhere || namespace === undefined ? {} : { namespace });
    return (await client.list(path, { query: { fieldSelector } })).items;
  } catch (error) {
    if (isNotFound(error)) return [];
    if (!isForbidden(error)) throw error;
    forbidden.add(describeRequest(error));
    const isLast = !everywhere || namespace === undefined;
    return isLast
      ? []
      : tryList(client, resource, { everywhere: false, namespace }, forbidden, fieldSelector);
  }
}
