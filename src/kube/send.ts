import type { Clock } from '../time/clock.ts';
import type { Turns } from '../time/turns.ts';
import type { Milliseconds } from '../time/units.ts';
import type { ApiConnection, Session } from './connection/api-connection.ts';
import type { Dispatcher } from './connection/credentials.ts';
import type { ReadAhead } from './list/read-ahead.ts';

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
