import { arrayMember, isJsonObject, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { isExpired } from './errors.ts';
import { exchange, type Endpoint, type Query } from './exchange.ts';

export interface ListOptions<T> {
  readonly query?: Query | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Per page, in milliseconds; 10 s unless told. */
  readonly deadlineMs?: number | undefined;
  /** Makes of each object what is kept of it, before the next page is asked for. */
  readonly map: (object: JsonObject) => T;
}

/** All objects at one moment; `resourceVersion` is where a watch goes on. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

const PAGE_SIZE = 500; // client-go's reflector
const PAGE_DEADLINE_MS = 10_000;
const MOST_RESTARTS = 3; // a list that takes longer than etcd keeps its history will not get faster

/**
 * Lists in pages. When the snapshot that the pages come from expires (410) it begins again. Objects have
 * `apiVersion` and `kind` as watched ones do. Throws a KubeError.
 */
export async function listPages<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
): Promise<Listed<T>> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce(endpoint, path, options);
    } catch (error) {
      if (!isExpired(error) || restarts === MOST_RESTARTS) throw error;
    }
  }
}

async function listOnce<T>(endpoint: Endpoint, path: string, options: ListOptions<T>): Promise<Listed<T>> {
  const { query, accept, signal, deadlineMs = PAGE_DEADLINE_MS, map } = options;
  const items: T[] = [];
  let token: string | undefined;
  let resourceVersion: string | undefined;
  do {
    const page = await exchange(endpoint, {
      verb: 'list',
      method: 'GET',
      path,
      query: { limit: PAGE_SIZE, ...query, continue: token },
      accept,
      signal,
      deadlineMs,
    });
    const type = typeOfItems(page);
    for (const item of arrayMember(page, 'items')) {
      if (isJsonObject(item)) items.push(map({ ...type, ...item }));
    }
    const metadata = objectMember(page, 'metadata');
    resourceVersion ??= stringMember(metadata, 'resourceVersion');
    token = stringMember(metadata, 'continue');
  } while (token !== undefined && token !== '');
  return { items, resourceVersion: resourceVersion ?? '' };
}

/** Items of built-in kinds come without their type: it is that of the list, less the word List. */
function typeOfItems(page: JsonObject): JsonObject {
  const apiVersion = stringMember(page, 'apiVersion');
  const kind = stringMember(page, 'kind')?.replace(/List$/, '');
  return { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }) };
}
