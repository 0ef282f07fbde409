import { isJsonObject, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { Milliseconds } from '../../time/units.ts';
import { isVersionAhead, KubeError } from '../errors.ts';
import { ItemCutter } from './item-cutter.ts';
import type { PageSize } from './page-size.ts';
import { MAX_OBJECT_BYTES } from './pieces.ts';
import { request } from '../request.ts';
import type { Answer, Endpoint, Query } from '../send.ts';

/** How to list, and what to keep of each object. */
export interface ListOptions<T> {
  readonly query?: Query | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long the first byte of a page is waited for; as long as the API server takes at most by default. */
  readonly patience?: Milliseconds | undefined;
  /** Per page; 20 s more than `patience` by default. */
  readonly deadline?: Milliseconds | undefined;
  /** Makes of each object what is kept of it, before the next one is parsed. */
  readonly map: (object: JsonObject) => T;
  /** Leaves `metadata.managedFields` empty, unparsed: it is half of what many objects consist of, or far more. */
  readonly withoutManagedFields?: boolean | undefined;
  /** Called when the answer for a page begins, with how long that took. */
  readonly onAnswer?: ((waited: Milliseconds) => void) | undefined;
  /** Called with the first bytes of an object that is left out because it is longer than `MAX_OBJECT_BYTES`. */
  readonly onOversized?: ((head: string) => void) | undefined;
}

/**
 * Before kube-apiserver can send the first byte of a list with a selector it may have to decode gigabytes, and before that the
 * request may have to wait. After a minute (`--request-timeout`) it answers 504, after which a smaller page is asked for.
 */
export const MAX_PATIENCE_MS = 65_000;
const PAGE_READ_MS = 20_000; // a page may hold hundreds of megabytes
const PAGE_SILENCE_MS = 10_000; // between two bytes, however long the page

/** One page of a list; `metadata` is the list's own. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly metadata: JsonObject | undefined;
}

/**
 * The page to read: the first one without a token. `onMetadata` is called with the metadata of the list as soon as they are
 * known, before most of the items were parsed. What it says may turn out wrong: those of the page that is returned are right.
 */
interface PagePlace {
  readonly size: PageSize;
  readonly token: string | undefined;
  readonly onMetadata: (metadata: JsonObject) => void;
}

/**
 * Reads a page as a stream. One that ends too early, or takes the API server too long, is asked for again, smaller. Throws a
 * KubeError.
 */
export async function readPage<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
  { size, token, onMetadata }: PagePlace,
): Promise<Page<T>> {
  const { query, accept, signal, patience = MAX_PATIENCE_MS } = options;
  for (;;) {
    const startedAt = endpoint.clock.monotonic();
    const call = {
      verb: 'list',
      method: 'GET',
      path,
      query: { limit: size.limit, ...query, continue: token },
      accept,
      signal,
      patience,
      deadline: options.deadline ?? patience + PAGE_READ_MS,
      silence: PAGE_SILENCE_MS,
    } as const;
    let begunAt: Milliseconds | undefined;
    const listener = { onBegin: () => (begunAt = endpoint.clock.monotonic()), onMetadata };
    const read = (body: Answer['body']): Promise<Page<T>> => {
      options.onAnswer?.(endpoint.clock.monotonic() - startedAt);
      return readItems(endpoint, body, options, listener);
    };
    try {
      const page = await request(endpoint, call, read);
      // A smaller page would not shorten the wait for the first byte, in a queue of the API server or a proxy.
      size.noteTime(begunAt === undefined ? 0 : endpoint.clock.monotonic() - begunAt);
      return page;
    } catch (error) {
      const isSmaller = begunAt === undefined ? shrinkUnbegun(size, error) : shrinkBegun(size, error);
      if (!isSmaller) throw error;
    }
  }
}

/** How it ends when the API server or we ourselves were too slow for a page that had begun. */
const ENDED_EARLY: ReadonlySet<string> = new Set(['Deadline', 'Unreachable', 'Malformed']);

/** Makes a page smaller that had begun; false if that would not help. */
function shrinkBegun(size: PageSize, error: unknown): boolean {
  return error instanceof KubeError && ENDED_EARLY.has(error.reason) && size.shrink();
}

/**
 * Makes a page smaller that had not begun before the API server, or a proxy before it, gave it up; false if that would not help.
 * A proxy says the same of an API server that is down: then each try takes a minute or so.
 */
function shrinkUnbegun(size: PageSize, error: unknown): boolean {
  if (!(error instanceof KubeError) || error.status !== 504 || isVersionAhead(error)) return false;
  return error.reason === 'GatewayTimeout' ? size.shrinkMost() : size.shrink();
}

async function readItems<T>(
  { turns, readAhead }: Endpoint,
  body: Answer['body'],
  { map, onOversized, withoutManagedFields = false }: ListOptions<T>,
  { onBegin, onMetadata }: Pick<PagePlace, 'onMetadata'> & { readonly onBegin: () => void },
): Promise<Page<T>> {
  const cutter = new ItemCutter({ longest: MAX_OBJECT_BYTES, withoutManagedFields });
  const items: T[] = [];
  let type: JsonObject | undefined;
  const emitMetadata = (envelope: JsonObject): void => {
    const metadata = objectMember(envelope, 'metadata');
    if (metadata !== undefined) onMetadata(metadata);
  };
  const onTail = (tail: Buffer): void => emitMetadata(envelopeInTail(tail.toString('latin1')));
  for await (const chunk of readAhead.read(body, onTail)) {
    for (const { text, isWhole } of cutter.feed(chunk)) {
      if (type === undefined) {
        const head = cutter.head();
        type = typeOfItems(head);
        onBegin();
        emitMetadata(head);
      }
      if (isWhole) items.push(map(parseItem(text, type)));
      else onOversized?.(text);
      if (turns.isDue()) await turns.next();
    }
  }
  return { items, metadata: objectMember(cutter.end(), 'metadata') };
}

/** The text after the items of a list of custom resources, whose members are sorted. */
const TAIL = /\],"kind":"\w+",("metadata":\{[^{}]*\})\}\s*$/;

function envelopeInTail(tail: string): JsonObject {
  const [, metadata = ''] = TAIL.exec(tail) ?? [];
  try {
    return parseItem(`{${metadata}}`, {});
  } catch {
    return {};
  }
}

/** `type`: members that the item gets if it has none of the name. */
function parseItem(text: string, type: JsonObject): JsonObject {
  const item: unknown = JSON.parse(text);
  if (!isJsonObject(item)) throw new SyntaxError('an item of a list is not an object');
  const isTyped = Object.keys(type).every((name) => Object.hasOwn(item, name));
  return isTyped ? item : { ...type, ...item };
}

/** Items of built-in kinds come without their type: it is that of the list, less the word List. */
function typeOfItems(list: JsonObject): JsonObject {
  const apiVersion = stringMember(list, 'apiVersion');
  const kind = stringMember(list, 'kind')?.replace(/List$/, '');
  return { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }) };
}
