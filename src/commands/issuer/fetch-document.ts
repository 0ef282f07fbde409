import { X509Certificate } from 'node:crypto';
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { connect, createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { findProxy, withoutBrackets } from '../../kube/connection/find-proxy.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { toSeconds, type Milliseconds } from '../../time/units.ts';
import { describeNetworkError, openTunnel } from './open-tunnel.ts';

/** How documents are fetched. */
export interface FetchOptions {
  /** The authorities whose certificates are accepted: see {@link trustAuthorities}. */
  readonly trust: SecureContext;
  /** For one document with its redirects. */
  readonly timeout: Milliseconds;
  /** The environment in which HTTPS_PROXY and NO_PROXY are looked up, as `findProxy` does. */
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Trusts the authorities of Node and of the system, and those of `ca` (PEM). It takes a third of a second, so it is done
 * once. Throws when there is no certificate in `ca`.
 */
export function trustAuthorities(ca: string | undefined): SecureContext {
  const known = new Set([...getCACertificates('default'), ...getCACertificates('system')]);
  if (ca !== undefined) {
    void new X509Certificate(ca); // OpenSSL takes a text without one, and trusts nothing by it
    known.add(ca);
  }
  return createSecureContext({ ca: [...known] });
}

/** An answer of any status, after the redirects. */
export interface Fetched {
  readonly status: number;
  readonly text: string;
  /** The URLs that each redirect led to. */
  readonly redirects: readonly string[];
}

/** Why there is no answer that could be read. */
export interface FetchProblem {
  readonly message: string;
  readonly remedy: string;
  readonly isUnreachable: boolean;
}

/** 24.8 days: Node takes whole milliseconds, and a delay that 31 bits do not hold for one of 1 ms. */
const MAX_TIMER_MS: Milliseconds = 2 ** 31 - 1;
/** scitokens-cpp reads no more of a document. */
const MAX_BYTES = 1024 * 1024;
/** How many redirects Go's client and Python's follow at most; curl follows thirty. */
const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches a document by https as verifiers do: redirects are followed, a large or endless body is cut off. Sends
 * nothing but the URL.
 */
export async function fetchDocument(
  url: string,
  options: FetchOptions,
): Promise<Result<Fetched, FetchProblem>> {
  const signal = AbortSignal.timeout(Math.min(Math.ceil(options.timeout), MAX_TIMER_MS));
  const redirects: string[] = [];
  for (let next = url; ;) {
    const answer = await requestUrl(next, options, signal);
    if (!answer.ok) return answer;
    const { status, location, text } = answer.value;
    if (location === undefined || !REDIRECTS.has(status)) return ok({ status, text, redirects });
    const target = URL.parse(location, next);
    if (target === null)
      return fetchProblem(`redirects to ${location}, which is not a URL`, 'publish at the address itself');
    if (target.protocol !== 'https:') {
      return fetchProblem(
        `redirects to ${location}, which is not https: anybody on the way could change the keys`,
        'redirect to https, or publish at the address itself',
      );
    }
    if (redirects.length === MAX_REDIRECTS)
      return fetchProblem(`redirects more than ${MAX_REDIRECTS} times`, 'publish at the address itself');
    next = target.href;
    redirects.push(next);
  }
}

interface HttpAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

function fetchProblem(message: string, remedy: string, isUnreachable = false) {
  return fail({ message, remedy, isUnreachable });
}

async function requestUrl(
  url: string,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<Result<HttpAnswer, FetchProblem>> {
  try {
    const way = await findWay(new URL(url), options, signal);
    if (!way.ok) return way;
    const answer = await sendGet(url, { ...way.value, signal });
    const { statusCode: status = 0, headers } = answer;
    if (REDIRECTS.has(status)) {
      answer.destroy();
      return ok({ status, location: headers.location, text: '' });
    }
    const body = await readAnswerBody(answer);
    if (body === undefined)
      return fetchProblem(
        `has more than ${MAX_BYTES / 1024 / 1024} MiB, and verifiers stop there`,
        'publish the JSON alone',
      );
    return ok({ status, location: undefined, text: body.toString() });
  } catch (error) {
    if (signal.aborted)
      return fetchProblem(
        `gave no whole answer within ${toSeconds(options.timeout)} s`,
        'check that it is up, or raise --timeout',
        true,
      );
    return describeFetchError(error);
  }
}

/** Loaded when it is needed: it takes 30 ms. */
const openLate: typeof openTunnel = async (...given) => {
  const { openSocksTunnel } = await import('./open-socks-tunnel.ts');
  return openSocksTunnel(...given);
};

/** The tunnels by the protocol of the proxy: those that kubectl knows. */
const TUNNELS: Readonly<Record<string, typeof openTunnel>> = {
  'http:': openTunnel,
  'https:': openTunnel,
  'socks5:': openLate,
  'socks5h:': openLate,
};

/** A connection of its own, or one through the proxy that the environment names. */
async function findWay(
  url: URL,
  { trust, environment }: FetchOptions,
  signal: AbortSignal,
): Promise<Result<RequestOptions, FetchProblem>> {
  const named = findProxy(url, environment);
  if (named === undefined) return ok({ agent: new Agent({ secureContext: trust }) });
  const proxy = URL.parse(named);
  const open = proxy === null || proxy.hostname === '' ? undefined : TUNNELS[proxy.protocol];
  const tunnel =
    proxy === null || open === undefined
      ? fail('is not a URL of http, https or socks5')
      : await open(url, proxy, { trust, signal });
  if (!tunnel.ok)
    return fetchProblem(
      `cannot be reached: the proxy of HTTPS_PROXY ${tunnel.problem}`,
      'correct HTTPS_PROXY, or add the host to NO_PROXY if it can be reached without',
      true,
    );
  const host = withoutBrackets(url.hostname);
  const servername = isIP(host) === 0 ? host : ''; // RFC 6066 §3: no address
  return ok({
    createConnection: () => connect({ socket: tunnel.value, host, servername, secureContext: trust }),
  });
}

function sendGet(url: string, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'application/json', 'user-agent': 'jwt-injector' };
    const asking = request(url, { ...options, headers });
    asking.on('response', resolve).on('error', reject).end();
  });
}

async function readAnswerBody(answer: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BYTES) {
      answer.destroy();
      return undefined;
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Names of OpenSSL and Node for certificates that are not accepted. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;

function describeFetchError(error: unknown): { readonly ok: false; readonly problem: FetchProblem } {
  const reason = describeNetworkError(error);
  if (CERTIFICATE.test(reason)) {
    return fetchProblem(
      `has a certificate that is not accepted (${reason})`,
      'get one of a public CA for that host: verifiers use the CAs of their system; for a test, --ca-file',
    );
  }
  return fetchProblem(
    `cannot be reached (${reason})`,
    'check that the host is correct and up, also from the storage',
    true,
  );
}
