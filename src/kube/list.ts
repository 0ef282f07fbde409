import { isJsonObject, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import type { Milliseconds } from '../time/units.ts';
import { isExpired, KubeError } from './errors.ts';
import { request, type Answer, type Endpoint, type Query } from './request.ts';
import { ItemCutter } from './item-cutter.ts';
import { PageSize } from './page-size.ts';
import { LONGEST_OBJECT } from './pieces.ts';

/** How to list, and what to keep of each object. */
export interface ListOptions<T> {
  readonly query?: Query | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Per page; 30 s by default. */
  readonly deadlineMs?: Milliseconds | undefined;
  /** Makes of each object what is kept of it, before the next one is parsed. */
  readonly map: (object: JsonObject) => T;
  /** Leaves `metadata.managedFields` empty, unparsed: it is half of what many objects consist of, or far more. */
  readonly withoutManagedFields?: boolean | undefined;
  /** Is called with the first bytes of an object that is left out because it is longer than `LONGEST_OBJECT`. */
  readonly onOversized?: ((head: string) => void) | undefined;
}

/** All objects at one moment; `resourceVersion` is where a watch goes on. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

const PAGE_DEADLINE_MS = 30_000; // a page may hold hundreds of megabytes
const PAGE_SILENCE_MS = 10_000; // between two bytes, however long the page
const MOST_RESTARTS = 3; // a list that takes longer than etcd keeps its history will not get faster

/**
 * Lists in pages, each read as a stream: no more than one object is held at a time. A page that breaks off is asked for
 * again, smaller. When the snapshot that the pages come from expires (410), it begins again. Objects have `apiVersion` and
 * `kind` as watched ones do. Throws a KubeError.
 */
export async function listPages<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
): Promise<Listed<T>> {
  const size = new PageSize();
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce(endpoint, path, options, size);
    } catch (error) {
      if (!isExpired(error) || restarts === MOST_RESTARTS) throw error;
    }
  }
}

async function listOnce<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
  size: PageSize,
): Promise<Listed<T>> {
  const items: T[] = [];
  let token: string | undefined;
  let resourceVersion: string | undefined;
  do {
    const page = await readPage(endpoint, path, options, { size, token });
    for (const item of page.items) items.push(item);
    resourceVersion ??= stringMember(page.metadata, 'resourceVersion');
    token = stringMember(page.metadata, 'continue');
  } while (token !== undefined && token !== '');
  return { items, resourceVersion: resourceVersion ?? '' };
}

interface Page<T> {
  readonly items: readonly T[];
  readonly metadata: JsonObject | undefined;
}

async function readPage<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
  { size, token }: { readonly size: PageSize; readonly token: string | undefined },
): Promise<Page<T>> {
  const { query, accept, signal, deadlineMs = PAGE_DEADLINE_MS } = options;
  for (;;) {
    const startedAt = endpoint.clock.monotonic();
    const call = {
      verb: 'list',
      method: 'GET',
      path,
      query: { limit: size.limit, ...query, continue: token },
      accept,
      signal,
      deadlineMs,
      silenceMs: PAGE_SILENCE_MS,
    } as const;
    let hasBegun = false;
    const onBegin = (): void => {
      hasBegun = true;
    };
    try {
      const page = await request(endpoint, call, (body) => readItems(endpoint, body, options, onBegin));
      size.noteTime(endpoint.clock.monotonic() - startedAt);
      return page;
    } catch (error) {
      const brokeOff = hasBegun && error instanceof KubeError && BROKEN_OFF.has(error.reason);
      if (!brokeOff || !size.shrink()) throw error;
    }
  }
}

/** How it ends when the API server or we ourselves were too slow for a page. */
const BROKEN_OFF: ReadonlySet<string> = new Set(['Deadline', 'Unreachable', 'Malformed']);

async function readItems<T>(
  { turns }: Endpoint,
  body: Answer['body'],
  { map, onOversized, withoutManagedFields = false }: ListOptions<T>,
  onBegin: () => void,
): Promise<Page<T>> {
  const cutter = new ItemCutter({ longest: LONGEST_OBJECT, withoutManagedFields });
  const items: T[] = [];
  let type: JsonObject | undefined;
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    for (const { text, isWhole } of cutter.feed(bytes)) {
      onBegin();
      type ??= typeOfItems(cutter.head());
      if (isWhole) items.push(map({ ...type, ...parseItem(text) }));
      else onOversized?.(text);
      if (turns.isDue()) await turns.next();
    }
  }
  return { items, metadata: objectMember(cutter.end(), 'metadata') };
}

function parseItem(text: string): JsonObject {
  const item: unknown = JSON.parse(text);
  if (!isJsonObject(item)) throw new SyntaxError('an item of a list is not an object');
  return item;
}

/** Items of built-in kinds come without their type: it is that of the list, less the word List. */
function typeOfItems(list: JsonObject): JsonObject {
  const apiVersion = stringMember(list, 'apiVersion');
  const kind = stringMember(list, 'kind')?.replace(/List$/, '');
  return { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }) };
}
