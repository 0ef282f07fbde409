import type { JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { startDeadline, type Deadline } from '../time/deadline.ts';
import { parseHttpDate } from '../time/format-time.ts';
import type { Milliseconds } from '../time/units.ts';
import { readObject, readRefusal } from './answers.ts';
import type { Session } from './connection/api-connection.ts';
import { refusesCredentials, type KubeError } from './errors.ts';
import { send, type Answer, type Call, type Endpoint } from './send.ts';
import { checkKubeconfig, openSession, renewSession } from './sessions.ts';
import { asKubeError } from './transport-errors.ts';

/** Makes something of an answer that is a success. */
type ReadAnswer<T> = (body: Answer['body'], headers: Answer['headers']) => Promise<T>;

/** As `request`, for an answer that is one JSON object. */
export function requestObject(endpoint: Endpoint, call: Call): Promise<JsonObject> {
  return request(endpoint, call, readObject);
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

/**
 * Sends a call and returns what `read` makes of its answer if that is a success. Repeats it, within its deadline, when the
 * API server says when to come back (429; 503 for what may safely happen twice), once after renewing the credentials (401,
 * TLS), and once when a read met a broken connection. Throws a KubeError.
 */
export async function request<T>(endpoint: Endpoint, call: Call, read: ReadAnswer<T>): Promise<T> {
  const { connection, clock } = endpoint;
  const { asksPeople } = connection;
  const start = (): Deadline => startDeadline(clock, call.deadline, call.signal);
  // A person may take any time to log in, and the deadline is the API server's.
  if (asksPeople) await openSession(endpoint, call, call.signal);
  let deadline = start();
  let mayRenew = true;
  let mayReconnect = call.method === 'GET';
  try {
    for (;;) {
      const session = await openSession(endpoint, call, deadline.signal);
      const tried = await tryOnce(endpoint, session, call, { deadline, read });
      if (tried.ok) return tried.value;
      const { problem } = tried;
      if (mayRenew && refusesCredentials(problem)) {
        mayRenew = false;
        const next = await renewSession(endpoint, call, session, asksPeople ? call.signal : deadline.signal);
        if (asksPeople) {
          deadline.release();
          deadline = start();
        }
        if (next !== session) continue;
      }
      if (problem.reason === 'Unreachable') {
        if (mayReconnect) {
          mayReconnect = false;
          continue;
        }
        checkKubeconfig(endpoint, call);
      }
      const wait = repeatAfter(call, problem);
      if (wait === undefined || wait >= deadline.remaining()) throw problem;
      if (!(await clock.sleep(wait, deadline.signal))) throw problem;
    }
  } finally {
    deadline.release();
  }
}

async function tryOnce<T>(
  endpoint: Endpoint,
  session: Session,
  call: Call,
  { deadline, read }: { readonly deadline: Deadline; readonly read: ReadAnswer<T> },
): Promise<Result<T, KubeError>> {
  const { patience, silence } = call;
  const limits = {
    signal: deadline.signal,
    ...(patience === undefined ? {} : { headersTimeout: patience }),
    ...(silence === undefined ? {} : { bodyTimeout: silence }),
  };
  try {
    const answer = await send(endpoint, session, call, limits);
    if (answer.statusCode < 200 || answer.statusCode > 299) return fail(await readRefusal(answer, call));
    return ok(await read(answer.body, answer.headers));
  } catch (error) {
    return fail(asKubeError(error, { ...call, server: endpoint.server.origin, deadline }));
  }
}

/**
 * The time after which the call may be repeated, if it may: 429 never did anything; 503 may have, which only some verbs allow.
 */
function repeatAfter({ verb }: Call, { status, retryAfter }: KubeError): Milliseconds | undefined {
  const isIdempotent = verb === 'get' || verb === 'list' || verb === 'apply';
  return status === 429 || (status === 503 && isIdempotent) ? retryAfter : undefined;
}
