import { stringMember, type JsonObject } from '../../resources/json.ts';
import { isExpired } from '../errors.ts';
import { readPage, type ListOptions, type Page } from './list-page.ts';
import { PageSize } from './page-size.ts';
import type { Endpoint } from '../send.ts';

/** All objects at one moment; `resourceVersion` is where a watch goes on. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

const MAX_RESTARTS = 3; // a list that takes longer than etcd keeps its history will not get faster

/**
 * Lists in pages, each read as a stream: no more than one object of a page is held at a time. A page that ends too early is
 * asked for again, smaller. When the snapshot that the pages come from expires (410), it begins again. Objects have
 * `apiVersion` and `kind` as watched ones do. Throws a KubeError.
 */
export async function listPages<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
): Promise<Listed<T>> {
  const size = new PageSize();
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce((token) => beginPage(endpoint, path, options, { size, token }));
    } catch (error) {
      if (!isExpired(error) || restarts === MAX_RESTARTS) throw error;
    }
  }
}

/**
 * The token of the next page is known before the objects of a page are parsed: the API server prepares the next one while this
 * one is read. No more than two are read at a time.
 */
async function listOnce<T>(begin: (token: string | undefined) => PendingPage<T>): Promise<Listed<T>> {
  const items: T[] = [];
  let resourceVersion: string | undefined;
  for (let page: PendingPage<T> | undefined = begin(undefined); page !== undefined;) {
    const announced: string | undefined = await page.nextToken;
    let next: PendingPage<T> | undefined = announced === undefined ? undefined : begin(announced);
    try {
      const { items: more, metadata } = await page.whole;
      for (const item of more) items.push(item);
      resourceVersion ??= stringMember(metadata, 'resourceVersion');
      const token = tokenIn(metadata);
      if (token !== announced) {
        // The page ended too early, after its head had come, and was asked for again, smaller.
        next?.giveUp();
        next = token === undefined ? undefined : begin(token);
      }
    } catch (error) {
      next?.giveUp();
      throw error;
    }
    page = next;
  }
  return { items, resourceVersion: resourceVersion ?? '' };
}

interface PendingPage<T> {
  readonly whole: Promise<Page<T>>;
  /** The token of the page after it, `undefined` if this one is the last, or failed. Never rejects. */
  readonly nextToken: Promise<string | undefined>;
  readonly giveUp: () => void;
}

function beginPage<T>(
  endpoint: Endpoint,
  path: string,
  options: ListOptions<T>,
  { size, token }: { readonly size: PageSize; readonly token: string | undefined },
): PendingPage<T> {
  const { signal } = options;
  const ending = new AbortController();
  const giveUp = (): void => ending.abort();
  if (signal?.aborted === true) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  const nextToken = Promise.withResolvers<string | undefined>();
  const whole = readPage(
    endpoint,
    path,
    { ...options, signal: ending.signal },
    { size, token, onMetadata: (metadata) => nextToken.resolve(tokenIn(metadata)) },
  ).finally(() => {
    signal?.removeEventListener('abort', giveUp);
    nextToken.resolve(undefined);
  });
  whole.catch(() => undefined); // it may fail before it is waited for, or be given up
  return { whole, nextToken: nextToken.promise, giveUp };
}

function tokenIn(metadata: JsonObject | undefined): string | undefined {
  const token = stringMember(metadata, 'continue');
  return token === '' ? undefined : token;
}
