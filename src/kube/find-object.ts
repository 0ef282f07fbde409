import type { JsonObject } from '../resources/json.ts';
import type { KubeClient, RequestOptions } from './client.ts';
import { isNotFound } from './errors.ts';

/** The object at a path, as wire JSON; `undefined` if it does not exist. Throws every other KubeError. */
export async function findObject(
  client: Pick<KubeClient, 'get'>,
  path: string,
  options?: RequestOptions,
): Promise<JsonObject | undefined> {
  try {
    return await client.get(path, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
