import { isJsonObject, member, type JsonObject } from '../../resources/json.ts';
import { startDeadline } from '../../time/deadline.ts';
import type { Milliseconds } from '../../time/units.ts';
import { refusesCredentials, type KubeError } from '../errors.ts';
import { readRefusal } from '../answers.ts';
import { MAX_OBJECT_BYTES } from '../list/pieces.ts';
import { send, type Answer, type Endpoint, type Query } from '../send.ts';
import { checkKubeconfig, openSession, renewSession } from '../sessions.ts';
import { readLines } from './lines.ts';
import { asKubeError } from '../transport-errors.ts';

const WATCH_EVENT_TYPES = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'] as const;

/** One event as the API server sends it (Kubernetes API, WatchEvent). `ERROR` carries a Status. */
export interface WatchEvent {
  readonly type: (typeof WATCH_EVENT_TYPES)[number];
  readonly object: JsonObject;
}

/** How to watch, and what to call with what is not an event. */
export interface WatchOptions {
  readonly query?: Query | undefined;
  readonly accept?: string | undefined;
  /** Time without a byte after which the connection counts as dead; 90 s by default. */
  readonly silence?: Milliseconds | undefined;
  /** Called once the API server has begun to answer: events may follow at once, or none for long. */
  readonly onOpen?: (() => void) | undefined;
  /** Called with the first bytes of an event that is left out because it is longer than `MAX_OBJECT_BYTES`. */
  readonly onOversized?: ((head: string) => void) | undefined;
}

const HEADERS_MS = 10_000; // the API server answers a watch at once, events or not
/**
 * A bookmark comes about every minute, at most 75 s after the last (apiserver, `bookmarkFrequency`). None comes before
 * something of the resource has changed after the resourceVersion that the watch began at (cache_watcher.go, `process`).
 */
export const WATCH_SILENCE_MS = 90_000;

/**
 * The events of one watch until the API server ends it; ends the connection when the consumer stops. Throws a
 * KubeError: refused, silent, broken, cut off in the middle of an event, aborted.
 */
export async function* streamEvents(
  endpoint: Endpoint,
  path: string,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const { turns } = endpoint;
  const request = { verb: 'watch', path, signal, server: endpoint.server.origin };
  let answer: Answer | undefined;
  try {
    answer = await open(endpoint, path, options, signal);
    options.onOpen?.();
    for await (const { text, isWhole } of readLines(answer.body, MAX_OBJECT_BYTES)) {
      if (!isWhole) options.onOversized?.(text);
      else if (text !== '') yield parseEvent(text);
      if (turns.isDue()) await turns.next();
    }
  } catch (error) {
    throw asKubeError(error, request);
  } finally {
    answer?.body.destroy();
  }
}

async function open(
  endpoint: Endpoint,
  path: string,
  { query, accept, silence = WATCH_SILENCE_MS }: WatchOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const call = {
    verb: 'watch',
    method: 'GET',
    path,
    accept,
    signal,
    query: { ...query, watch: true },
  } as const;
  for (let renewed = false; ; renewed = true) {
    const session = await withinLogin(endpoint, signal, (limit) => openSession(endpoint, call, limit));
    let problem: KubeError;
    try {
      const limits = { signal, headersTimeout: HEADERS_MS, bodyTimeout: silence };
      const answer = await send(endpoint, session, call, limits);
      if (answer.statusCode === 200) return answer;
      problem = await readRefusal(answer, call);
    } catch (error) {
      problem = asKubeError(error, { ...call, signal, server: endpoint.server.origin });
    }
    if (problem.reason === 'Unreachable') checkKubeconfig(endpoint, call);
    if (!refusesCredentials(problem) || renewed) throw problem;
    const next = await withinLogin(endpoint, signal, (limit) => renewSession(endpoint, call, session, limit));
    if (next === session) throw problem;
  }
}

/** Credentials are waited for as long as an answer is; where a person logs in, as long as they take. */
async function withinLogin<T>(
  { connection, clock }: Endpoint,
  signal: AbortSignal,
  wait: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  if (connection.asksPeople) return wait(signal);
  const deadline = startDeadline(clock, HEADERS_MS, signal);
  try {
    return await wait(deadline.signal);
  } finally {
    deadline.release();
  }
}

function parseEvent(line: string): WatchEvent {
  const event: unknown = JSON.parse(line);
  const type = WATCH_EVENT_TYPES.find((known) => known === member(event, 'type'));
  const object = member(event, 'object');
  if (type === undefined || !isJsonObject(object)) throw new SyntaxError('not a watch event');
  return { type, object };
}
