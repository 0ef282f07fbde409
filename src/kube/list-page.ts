import { isJsonObject, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import type { Milliseconds } from '../time/units.ts';
import { KubeError } from './errors.ts';
import { ItemCutter } from './item-cutter.ts';
import type { PageSize } from './page-size.ts';
import { LONGEST_OBJECT } from './pieces.ts';
import { request, type Answer, type Endpoint, type Query } from './request.ts';

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

const PAGE_DEADLINE_MS = 30_000; // a page may hold hundreds of megabytes
const PAGE_SILENCE_MS = 10_000; // between two bytes, however long the page

/** One page of a list; `metadata` is the list's own. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly metadata: JsonObject | undefined;
}

/** Which page: the first one without a token. `onHead` is called when the metadata of the list is known, before most of the items. */
export interface PagePlace {
  readonly size: PageSize;
  readonly token: string | undefined;
  readonly onHead: (metadata: JsonObject | undefined) => void;
}

/** Reads a page as a stream. One that breaks off is asked for again, smaller. Throws a KubeError. */
export async function readPage<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
  { size, token, onHead }: PagePlace,
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
    const onBegin = (head: JsonObject): void => {
      hasBegun = true;
      onHead(objectMember(head, 'metadata'));
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
  onBegin: (head: JsonObject) => void,
): Promise<Page<T>> {
  const cutter = new ItemCutter({ longest: LONGEST_OBJECT, withoutManagedFields });
  const items: T[] = [];
  let type: JsonObject | undefined;
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    for (const { text, isWhole } of cutter.feed(bytes)) {
      if (type === undefined) {
        const head = cutter.head();
        type = typeOfItems(head);
        onBegin(head);
      }
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
