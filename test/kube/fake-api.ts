import type { ServerResponse } from 'node:http';
import { answer, refuse, startBadServer, type BadServer, type SeenRequest } from './bad-server.ts';

/** A Secret of the fake, with the members that the tests read. */
export interface FakeObject {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Record<string, string>;
  };
}

interface LoggedEvent {
  readonly version: number;
  readonly type: string;
  readonly object: FakeObject;
}

/** Handles the next request of a kind instead of answering it. */
export type Fault = (response: ServerResponse, request: SeenRequest) => void;

/**
 * A fake API server for Secrets: resourceVersions, paged lists and resumable watches, with all their possible
 * failures.
 */
export interface FakeApi extends AsyncDisposable {
  readonly server: BadServer;
  put(key: string, labels?: Record<string, string>): FakeObject;
  remove(key: string): void;
  /** Sends a bookmark to all watches. */
  bookmark(): void;
  /** Writes raw text into all watches. */
  write(text: string): void;
  /** Ends all watches: cleanly, by a reset, or by letting them hang silently. */
  drop(how: 'end' | 'reset' | 'silence'): void;
  /** Forgets the history: an older watch gets 410. */
  compact(): void;
  /** Restores etcd from a backup: other contents, lower versions. */
  restore(keys: readonly string[]): void;
  /** Each fault is used for one request. */
  readonly faults: { list: Fault[]; watch: Fault[] };
  readonly counts: { list: number; watch: number };
  watching(): number;
  /** resourceVersions by key. */
  contents(): Map<string, string>;
}

const CREATED = 1_000;

export async function startFakeApi(): Promise<FakeApi> {
  let version = CREATED;
  let oldest = CREATED;
  let log: LoggedEvent[] = [];
  let silent = false;
  const objects = new Map<string, FakeObject>();
  const watches = new Set<ServerResponse>();
  const faults: FakeApi['faults'] = { list: [], watch: [] };
  const counts = { list: 0, watch: 0 };

  const emit = (type: string, object: FakeObject): void => {
    log.push({ version, type, object });
    if (!silent) api.write(`${JSON.stringify({ type, object })}\n`);
  };
  const list = (request: SeenRequest, response: ServerResponse): void => {
    counts.list += 1;
    const start = Number(request.query.get('continue') ?? '0');
    const limit = Number(request.query.get('limit'));
    const all = [...objects.values()];
    const more = start + limit < all.length ? `${start + limit}` : '';
    answer(response, 200, {
      apiVersion: 'v1',
      kind: 'SecretList',
      metadata: { resourceVersion: `${version}`, continue: more },
      items: all.slice(start, start + limit),
    });
  };
  const watch = (request: SeenRequest, response: ServerResponse): void => {
    counts.watch += 1;
    const from = Number(request.query.get('resourceVersion'));
    if (from < oldest) {
      refuse(response, 410, 'Expired');
      return;
    }
    if (from > version) {
      const details = {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      };
      refuse(response, 504, 'Timeout', { details });
      return;
    }
    response.writeHead(200).flushHeaders();
    watches.add(response);
    response.on('close', () => watches.delete(response));
    for (const { type, object } of log.filter((event) => event.version > from)) {
      response.write(`${JSON.stringify({ type, object })}\n`);
    }
  };
  const server = await startBadServer((request, response) => {
    const kind = request.query.get('watch') === 'true' ? 'watch' : 'list';
    const fault = faults[kind].shift();
    if (fault !== undefined) fault(response, request);
    else if (kind === 'watch') watch(request, response);
    else list(request, response);
  });
  const put = (key: string, labels?: Record<string, string>): FakeObject => {
    const [namespace = '', name = ''] = key.split('/');
    version += 1;
    const known = objects.get(key);
    const uid = known?.metadata.uid ?? `uid-${version}`;
    const metadata = {
      namespace,
      name,
      uid,
      resourceVersion: `${version}`,
      ...(labels === undefined ? {} : { labels }),
    };
    objects.set(key, { metadata });
    emit(known === undefined ? 'ADDED' : 'MODIFIED', { metadata });
    return { metadata };
  };
  const api: FakeApi = {
    server,
    put,
    remove: (key) => {
      const object = objects.get(key);
      if (object === undefined) return;
      objects.delete(key);
      version += 1;
      emit('DELETED', { metadata: { ...object.metadata, resourceVersion: `${version}` } });
    },
    bookmark: () => {
      const object = { kind: 'Secret', metadata: { resourceVersion: `${version}` } };
      api.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    },
    write: (text) => {
      for (const response of watches) response.write(text);
    },
    drop: (how) => {
      for (const response of watches) {
        if (how === 'end') response.end();
        if (how === 'reset') response.socket?.resetAndDestroy();
        watches.delete(response);
      }
    },
    compact: () => {
      version += 1;
      oldest = version;
      log = [];
    },
    restore: (keys) => {
      objects.clear();
      version = 100;
      oldest = 100;
      silent = true;
      for (const key of keys) put(key);
      silent = false;
      log = [];
    },
    faults,
    counts,
    watching: () => watches.size,
    contents: () => new Map([...objects].map(([key, { metadata }]) => [key, metadata.resourceVersion])),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return api;
}
