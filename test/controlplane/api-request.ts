import { Agent, request } from 'node:https';
import { request as plainRequest } from 'node:http';

/** An answer of the API server, whatever its status. */
export type ApiAnswer = {
  readonly status: number;
  readonly body: string;
  /** The texts that kubectl would print as warnings. */
  readonly warnings: readonly string[];
};

/** The server and the user of a request. `agent` holds the certificate authority; the caller closes it. */
export type ApiAccess = { readonly port: number; readonly token: string; readonly agent: Agent };

/** Several control planes share two cores, so an answer can take seconds. */
const TIMEOUT_MS = 30_000;
/** For a server that is starting. It is asked again later. */
export const HEALTH_TIMEOUT_MS = 5_000;
/**
 * The API server closes a connection after 90 s without a request. A request that is written at that moment
 * would fail.
 */
const IDLE_MS = 60_000;

/** Keeps connections to the API server open for later requests. The caller destroys it. */
export function createApiAgent(ca: string): Agent {
  return new Agent({ ca, keepAlive: true, timeout: IDLE_MS });
}

/** Options of a request. */
export interface AskOptions {
  /** Default: 30 s. */
  readonly timeoutMs?: number;
  /** Media type of the body: JSON by default, and a merge patch for PATCH. */
  readonly type?: string;
}

/** Sends one request with a JSON body to the API server. Rejects if there is no answer in time. */
export function askApi(
  access: ApiAccess,
  method: string,
  path: string,
  body?: unknown,
  options: AskOptions = {},
): Promise<ApiAnswer> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const { type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' } = options;
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
  const asking = request({
    agent: access.agent,
    host: '127.0.0.1',
    port: access.port,
    method,
    path,
    headers: { authorization: `Bearer ${access.token}`, 'content-type': type },
    signal: AbortSignal.timeout(timeoutMs),
  });
  asking.on('error', reject);
  asking.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    response.on('end', () => {
      const warnings = (response.headersDistinct['warning'] ?? []).map(unquoteWarning);
      resolve({ status: response.statusCode ?? 0, body: text, warnings });
    });
    response.on('error', reject);
  });
  asking.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** The text of a header `299 - "text"` (RFC 7234 §5.5). */
export function unquoteWarning(header: string): string {
  return header.replace(/^299 \S+ "(.*)"$/s, '$1').replaceAll(/\\(.)/gs, '$1');
}

/** True if the HTTP server behind the Unix socket answers `path` with 200. */
export function isHealthy(socketPath: string, path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const asking = plainRequest({
    socketPath,
    path,
    agent: false,
    signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
  });
  asking.on('error', () => resolve(false));
  asking.on('response', (response) => {
    response.on('error', () => {}); // the status is known; an error of the body does not matter
    response.resume();
    resolve(response.statusCode === 200);
  });
  asking.end();
  return promise;
}
