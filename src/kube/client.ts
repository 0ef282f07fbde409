import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import { stringMember, type JsonObject } from '../resources/json.ts';
import type { PatchStep } from '../resources/json-patch.ts';
import { APP } from '../resources/names.ts';
import type { Cluster } from './connection/cluster.ts';
import { ApiConnection } from './connection/api-connection.ts';
import { requestDated, requestObject } from './request.ts';
import type { Call, Endpoint, Query } from './send.ts';
import { listPages, type Listed } from './list/list.ts';
import type { ListOptions } from './list/list-page.ts';
import { Turns } from '../time/turns.ts';
import { ReadAhead } from './list/read-ahead.ts';
import { streamEvents, type WatchEvent, type WatchOptions } from './watch/watch-stream.ts';

/** Optional parameters of every verb. */
export interface RequestOptions {
  readonly query?: Query;
  /** Replaces `application/json`. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** The time limit for the whole call, repetitions included; 5 s by default. */
  readonly deadline?: Milliseconds;
}

interface ApplyOptions extends RequestOptions {
  /** Takes fields over from other managers instead of answering 409. */
  readonly force: boolean;
}

/**
 * The API server, objects as wire JSON. Paths as `resourcePath` makes them; the path of a subresource reads and
 * writes that. Every method throws a KubeError and nothing else.
 */
export interface KubeClient {
  readonly get: (path: string, options?: RequestOptions) => Promise<JsonObject>;
  readonly list: (path: string, options?: RequestOptions) => Promise<Listed<JsonObject>>;
  /** As `list`, keeping of each object only what `map` makes of it. */
  readonly listMapped: <T>(path: string, options: ListOptions<T>) => Promise<Listed<T>>;
  /** Server-side apply; `body` has apiVersion, kind and metadata.name. Returns the object as stored. */
  readonly apply: (path: string, body: JsonObject, options: ApplyOptions) => Promise<JsonObject>;
  /** JSON merge patch (RFC 7386). */
  readonly mergePatch: (path: string, body: JsonObject, options?: RequestOptions) => Promise<JsonObject>;
  /** JSON patch (RFC 6902). */
  readonly jsonPatch: (
    path: string,
    steps: readonly PatchStep[],
    options?: RequestOptions,
  ) => Promise<JsonObject>;
  /** `path` is that of the collection. */
  readonly create: (path: string, body: JsonObject, options?: RequestOptions) => Promise<JsonObject>;
  /** The version of the API server, such as `v1.34.1`, and its time when it answered, in milliseconds since the epoch. */
  readonly version: () => Promise<{ readonly version: string; readonly date: Milliseconds | undefined }>;
  /** The events of one watch, until the API server or the consumer ends it. */
  readonly watch: (path: string, options: WatchOptions, signal: AbortSignal) => AsyncIterable<WatchEvent>;
  /** Aborts all running requests and closes all connections. */
  readonly close: () => Promise<void>;
}

interface ClientOptions {
  readonly clock: Clock;
  /** Version of jwt-injector, for the user agent. */
  readonly version: string;
}

/** Answers with metadata alone: labels, annotations, owners, managedFields; no data, spec or status. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
/** Answers to lists with metadata alone, as {@link METADATA_ONLY}. */
export const METADATA_LIST_ONLY = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

const REQUEST_DEADLINE_MS = 5_000; // a slow API server must not hold a worker for long; the queue tries again

/** A client with one connection pool; nothing is sent before the first call. The caller closes it. */
export function createClient(cluster: Cluster, { clock, version }: ClientOptions): KubeClient {
  const connection = new ApiConnection(cluster, clock);
  const server = new URL(cluster.server);
  const endpoint: Endpoint = {
    server,
    connection,
    clock,
    turns: new Turns(clock),
    readAhead: new ReadAhead(),
    userAgent: `jwt-injector/${version}`,
  };
  const call = (
    what: Pick<Call, 'verb' | 'method' | 'path' | 'body' | 'contentType'>,
    options: RequestOptions,
  ): Promise<JsonObject> => {
    const { query, accept, signal, deadline = REQUEST_DEADLINE_MS } = options;
    return requestObject(endpoint, { ...what, query, accept, signal, deadline });
  };
  const patch =
    (verb: string, contentType: string) =>
    (path: string, body: unknown, options: RequestOptions = {}): Promise<JsonObject> =>
      call({ verb, method: 'PATCH', path, body, contentType }, options);
  const apply = patch('apply', 'application/apply-patch+yaml'); // JSON is YAML
  return {
    get: (path, options = {}) => call({ verb: 'get', method: 'GET', path }, options),
    list: (path, options = {}) => listPages(endpoint, path, { ...options, map: (object) => object }),
    listMapped: (path, options) => listPages(endpoint, path, options),
    apply: (path, body, options) => {
      const { force, ...rest } = options;
      return apply(path, body, { ...rest, query: { ...rest.query, fieldManager: APP, force } });
    },
    mergePatch: patch('patch', 'application/merge-patch+json'),
    jsonPatch: patch('patch', 'application/json-patch+json'),
    create: (path, body, options = {}) =>
      call({ verb: 'create', method: 'POST', path, body, contentType: 'application/json' }, options),
    version: async () => {
      const asked = {
        verb: 'get',
        method: 'GET',
        path: '/version',
        deadline: REQUEST_DEADLINE_MS,
      } as const;
      const { object, date } = await requestDated(endpoint, asked);
      return { version: stringMember(object, 'gitVersion') ?? '', date };
    },
    watch: (path, options, signal) => streamEvents(endpoint, path, options, signal),
    close: () => connection.close(),
  };
}
