import { request as requestPlain, type IncomingMessage } from 'node:http';
import { Agent, request as requestSecure } from 'node:https';
import type { Socket } from 'node:net';
import { unescape } from 'node:querystring';
import type { SecureContext } from 'node:tls';
import { HTTPS_PORT, withoutBrackets } from '../../kube/connection/find-proxy.ts';
import { fail, ok, type Result } from '../../resources/result.ts';

/** `trust`: whose certificates are accepted where the proxy itself is asked by https. `signal` ends the wait for it. */
export interface TunnelOptions {
  readonly trust: SecureContext;
  readonly signal: AbortSignal;
}

/**
 * A connection to the host of an https URL through a proxy (RFC 9110 §9.3.6). The problem is what the proxy does instead; throws
 * when `signal` ends it. An Agent of Node with `proxyEnv` would do the same, but waits without end for a proxy that is silent.
 */
export async function openTunnel(
  { hostname, port }: URL,
  proxy: URL,
  { trust, signal }: TunnelOptions,
): Promise<Result<Socket, string>> {
  const target = `${hostname}:${port === '' ? HTTPS_PORT : port}`;
  const isSecure = proxy.protocol === 'https:';
  const asking = (isSecure ? requestSecure : requestPlain)({
    host: withoutBrackets(proxy.hostname),
    port: proxy.port === '' ? (isSecure ? HTTPS_PORT : HTTP_PORT) : proxy.port,
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...authorize(proxy) },
    agent: isSecure ? new Agent({ secureContext: trust }) : false,
    signal,
  }).end();
  try {
    const [{ statusCode = 0 }, tunnel]: readonly [IncomingMessage, Socket] = await new Promise(
      (resolve, reject) =>
        asking.once('connect', (answer, socket) => resolve([answer, socket])).once('error', reject),
    );
    if (statusCode === 200) return ok(tunnel);
    tunnel.destroy();
    return fail(`answers ${statusCode}`);
  } catch (error) {
    if (signal.aborted) throw error;
    return fail(`gives no connection (${describeNetworkError(error)})`);
  }
}

/** The code of Node or OpenSSL, such as `ECONNREFUSED`, where there is one. */
export function describeNetworkError(error: unknown): string {
  return (error instanceof Error && 'code' in error ? String(error.code) : '') || 'the connection broke';
}

/** The port of a proxy that names no port. */
const HTTP_PORT = '80';

function authorize({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  const credentials = Buffer.from(`${unescape(username)}:${unescape(password)}`).toString('base64');
  return { 'proxy-authorization': `Basic ${credentials}` };
}
