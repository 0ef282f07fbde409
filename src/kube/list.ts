import { isJsonObject, stringMember, type JsonObject } from '../resources/json.ts';
import { objectMember } from '../resources/json.ts';
import { isExpired } from './errors.ts';
import { exchangeFor, type Answer, type Endpoint, type Query } from './exchange.ts';
import { ItemCutter } from './item-cutter.ts';
import { LONGEST_OBJECT } from './pieces.ts';

export interface ListOptions<T> {
  readonly query?: Query | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Per page, in milliseconds; 60 s by default. */
  readonly deadlineMs?: number | undefined;
  /** Makes of each object what is kept of it, before the next one is parsed. */
  readonly map: (object: JsonObject) => T;
  /** Is called with the first bytes of an object that is left out because it is longer than `LONGEST_OBJECT`. */
  readonly onOversized?: ((head: string) => void) | undefined;
}

/** All objects at one moment; `resourceVersion` is where a watch goes on. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

const PAGE_SIZE = 500; // client-go's reflector
/** A page may hold hundreds of megabytes; kube-apiserver itself gives up after a minute (`--request-timeout`). */
const PAGE_DEADLINE_MS = 60_000;
const PAGE_SILENCE_MS = 10_000; // between two bytes, however long the page
const MOST_RESTARTS = 3; // a list that takes longer than etcd keeps its history will not get faster

/**
 * Lists in pages, each read as a stream: no more than one object is held at a time. When the snapshot that the pages
 * come from expires (410) it begins again. Objects have `apiVersion` and `kind` as watched ones do. Throws a KubeError.
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
  const { query, accept, signal, deadlineMs = PAGE_DEADLINE_MS } = options;
  const items: T[] = [];
  let token: string | undefined;
  let resourceVersion: string | undefined;
  do {
    const call = {
      verb: 'list',
      method: 'GET',
      path,
      query: { limit: PAGE_SIZE, ...query, continue: token },
      accept,
      signal,
      deadlineMs,
      silenceMs: PAGE_SILENCE_MS,
    } as const;
    const page = await exchangeFor(endpoint, call, (body) => readPage(endpoint, body, options));
    for (const item of page.items) items.push(item);
    resourceVersion ??= stringMember(page.metadata, 'resourceVersion');
    token = stringMember(page.metadata, 'continue');
  } while (token !== undefined && token !== '');
  return { items, resourceVersion: resourceVersion ?? '' };
}

async function readPage<T>(
  { turns }: Endpoint,
  body: Answer['body'],
  { map, onOversized }: ListOptions<T>,
): Promise<{ readonly items: readonly T[]; readonly metadata: JsonObject | undefined }> {
  const cutter = new ItemCutter(LONGEST_OBJECT);
  const items: T[] = [];
  let type: JsonObject | undefined;
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    for (const { text, isWhole } of cutter.feed(bytes)) {
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
  if (!isJsonObject(item)) throw new SyntaxError('an item of a list is no object');
  return item;
}

/** Items of built-in kinds come without their type: it is that of the list, less the word List. */
function typeOfItems(list: JsonObject): JsonObject {
  const apiVersion = stringMember(list, 'apiVersion');
  const kind = stringMember(list, 'kind')?.replace(/List$/, '');
  return { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }) };
}
