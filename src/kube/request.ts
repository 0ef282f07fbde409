import type { Clock } from '../time/clock.ts';
import { isJsonObject, type JsonObject } from '../resources/json.ts';
import type { ApiConnection, Session } from './connection/api-connection.ts';
import type { Dispatcher } from './connection/credentials.ts';
import { CredentialsError } from './connection/credentials-error.ts';
import { KubeError, limitRetryAfter, readStatus, refusesCredentials } from './errors.ts';
import { startDeadline, type Deadline } from '../time/deadline.ts';
import { parseHttpDate } from '../time/format-time.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';
import { MAX_OBJECT_BYTES } from './list/pieces.ts';
import { parseResourcePath } from './resource-path.ts';
import type { Turns } from '../time/turns.ts';
import type { ReadAhead } from './list/read-ahead.ts';
import { asKubeError } from './transport-errors.ts';

/** One request as the client's verbs describe it. */
export interface Call {
  /** The word of the API (`get`, `list`, `apply`, …), for errors. */
  readonly verb: string;
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string | undefined;
  /** The time limit for the whole call with its repetitions. */
  readonly deadline: Milliseconds;
  /** How long the first byte of an answer is waited for, before the deadline. */
  readonly patience?: Milliseconds;
  /** Time without a byte after which an answer that has begun counts as lost, before the deadline. */
  readonly silence?: Milliseconds;
  readonly signal?: AbortSignal | undefined;
}

/** The query of a URL. Members that are `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The values that all requests of one client share. */
export interface Endpoint {
  readonly server: URL;
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly readAhead: ReadAhead;
  readonly userAgent: string;
}

/** The answer of undici: status, headers, and a body that must be read to its end or destroyed. */
export type Answer = Awaited<ReturnType<Dispatcher['request']>>;

const MAX_REFUSAL_BYTES = 65_536; // a Status is about 1 KB; what is longer is an error page

/** As `request`, for an answer that is one JSON object. */
export function requestObject(endpoint: Endpoint, call: Call): Promise<JsonObject> {
  return request(endpoint, call, readObject);
}

/**
 * Sends a call and returns what `read` makes of its answer if that is a success. Repeats it, within its deadline, when the
 * API server says when to come back (429; 503 for what may safely happen twice), once after renewing the credentials (401,
 * TLS), and once when a read met a broken connection. Throws a KubeError.
 */
export async function request<T>(
  endpoint: Endpoint,
  call: Call,
  read: (body: Answer['body'], headers: Answer['headers']) => Promise<T>,
): Promise<T> {
  const { connection, clock } = endpoint;
  const start = (): Deadline => startDeadline(clock, call.deadline, call.signal);
  // A person may take any time to log in, and the deadline is the API server's.
  if (connection.asksPeople) await openSession(endpoint, call, call.signal);
  let deadline = start();
  let renewed = false;
  let reconnected = false;
  const timeouts = {
    ...(call.patience === undefined ? {} : { headersTimeout: call.patience }),
    ...(call.silence === undefined ? {} : { bodyTimeout: call.silence }),
  };
  try {
    for (;;) {
      const session = await openSession(endpoint, call, deadline.signal);
      try {
        const answer = await send(endpoint, session, call, { signal: deadline.signal, ...timeouts });
        if (answer.statusCode < 200 || answer.statusCode > 299) throw await readRefusal(answer, call);
        return await read(answer.body, answer.headers);
      } catch (error) {
        const problem = asKubeError(error, { ...call, server: endpoint.server.origin, deadline });
        if (refusesCredentials(problem) && !renewed) {
          renewed = true;
          const limit = connection.asksPeople ? call.signal : deadline.signal;
          const next = await renewSession(endpoint, call, session, limit);
          if (connection.asksPeople) {
            deadline.release();
            deadline = start();
          }
          if (next !== session) continue;
        }
        const isBroken = problem.reason === 'Unreachable' && call.method === 'GET';
        if (isBroken && !reconnected) {
          reconnected = true;
          continue;
        }
        if (problem.reason === 'Unreachable') checkKubeconfig(endpoint, call);
        const wait = repeatAfter(call, problem);
        if (wait === undefined || wait >= deadline.remaining()) throw problem;
        if (!(await clock.sleep(wait, deadline.signal))) throw problem;
      }
    }
  } finally {
    deadline.release();
  }
}

/**
 * The time after which the call may be repeated, if it may: 429 never did anything; 503 may have, which only some verbs allow.
 */
function repeatAfter({ verb }: Call, { status, retryAfter }: KubeError): Milliseconds | undefined {
  const isIdempotent = verb === 'get' || verb === 'list' || verb === 'apply';
  return status === 429 || (status === 503 && isIdempotent) ? retryAfter : undefined;
}

/** As `ApiConnection.current`, its failure as a KubeError. */
export async function openSession(
  endpoint: Endpoint,
  call: Pick<Call, 'verb' | 'path' | 'signal'>,
  limit: AbortSignal | undefined,
): Promise<Session> {
  try {
    return await endpoint.connection.current(limit);
  } catch (error) {
    throw failCredentials(error, endpoint, call);
  }
}

/** As `ApiConnection.renew`, its failure as a KubeError. */
export async function renewSession(
  endpoint: Endpoint,
  call: Pick<Call, 'verb' | 'path' | 'signal'>,
  stale: Session,
  limit: AbortSignal | undefined,
): Promise<Session> {
  try {
    return await endpoint.connection.renew(stale, limit);
  } catch (error) {
    throw failCredentials(error, endpoint, call);
  }
}

/** As `ApiConnection.checkPlace`, its failure as a KubeError. */
export function checkKubeconfig(endpoint: Endpoint, call: Pick<Call, 'verb' | 'path' | 'signal'>): void {
  try {
    endpoint.connection.checkPlace();
  } catch (error) {
    throw failCredentials(error, endpoint, call);
  }
}

/** The output of a plugin stays out: only our own words and the code of a file-system error are shown. */
function failCredentials(
  error: unknown,
  { server }: Endpoint,
  { verb, path, signal }: Pick<Call, 'verb' | 'path' | 'signal'>,
): KubeError {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const why = error instanceof CredentialsError ? error.message : code;
  return new KubeError({
    ...parseResourcePath(path),
    verb,
    status: 0,
    reason: signal?.aborted === true ? 'Aborted' : 'Credentials',
    detail: `no credentials for ${server.origin}${typeof why === 'string' ? `: ${why}` : ''}`,
  });
}

/** Sends once. The answer may be a refusal; transport failures are thrown as undici makes them. */
export function send(
  { server, userAgent }: Endpoint,
  session: Session,
  call: Omit<Call, 'deadline'>,
  limits: {
    readonly signal: AbortSignal;
    readonly headersTimeout?: Milliseconds;
    readonly bodyTimeout?: Milliseconds;
  },
): Promise<Answer> {
  const base = server.pathname === '/' ? '' : server.pathname.replace(/\/$/, '');
  return session.dispatcher.request({
    origin: server.origin,
    path: `${base}${call.path}${encodeQuery(call.query)}`,
    method: call.method,
    headers: {
      ...session.headers,
      accept: call.accept ?? 'application/json',
      'user-agent': userAgent,
      ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
    },
    body: call.body === undefined ? null : JSON.stringify(call.body),
    ...limits,
  });
}

function encodeQuery(query: Query | undefined): string {
  const pairs = Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** As `requestObject`, with the API server's time in the header Date. */
export function requestDated(
  endpoint: Endpoint,
  call: Call,
): Promise<{ readonly object: JsonObject; readonly date: Milliseconds | undefined }> {
  return request(endpoint, call, async (body, headers) => ({
    object: await readObject(body),
    date: parseHttpDate(headers['date']),
  }));
}

async function readObject(body: Answer['body']): Promise<JsonObject> {
  const { bytes, isWhole } = await readUpTo(body, MAX_OBJECT_BYTES);
  if (!isWhole) throw new RangeError(`an answer is longer than ${MAX_OBJECT_BYTES} bytes`);
  const object: unknown = JSON.parse(bytes.toString());
  if (!isJsonObject(object)) throw new SyntaxError('the answer is not a JSON object');
  return object;
}

/** The bytes of a body; of one that is longer than `longest` the rest is not read. */
async function readUpTo(
  body: Answer['body'],
  longest: number,
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    chunks.push(bytes);
    length += bytes.length;
    if (length > longest) break;
  }
  return { bytes: Buffer.concat(chunks), isWhole: length <= longest };
}

/** The KubeError that an answer other than 2xx stands for; its body is read, but no further than a Status is long. */
export async function readRefusal(
  answer: Answer,
  { verb, path }: { readonly verb: string; readonly path: string },
): Promise<KubeError> {
  const { bytes } = await readUpTo(answer.body, MAX_REFUSAL_BYTES);
  const status = readStatus(answer.statusCode, parseQuietly(bytes.toString()));
  const retryAfter = readRetryAfter(answer.headers) ?? status.retryAfter;
  return new KubeError({ ...parseResourcePath(path), verb, ...status, retryAfter });
}

/**
 * Reads the header Retry-After, a number of seconds or a time, as load balancers write it (RFC 9110 §10.2.3). Such a time counts
 * from that of the answer, so that nobody's clock needs to be right.
 */
function readRetryAfter({ 'retry-after': text, date }: Answer['headers']): Milliseconds | undefined {
  const [until, from] = [parseHttpDate(text), parseHttpDate(date)];
  const span = until === undefined || from === undefined ? undefined : toSeconds(until - from);
  return limitRetryAfter(Number(text)) ?? limitRetryAfter(span);
}

function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
