import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Cluster } from '../../src/kube/connection/cluster.ts';
import { createClient, type KubeClient } from '../../src/kube/client.ts';
import { Credentials } from '../../src/kube/connection/credentials.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { systemClock, type Clock } from '../../src/time/clock.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void;

/** A server on loopback that does whatever its handler does. */
export interface BadServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Resolves when `count` requests have arrived. */
  readonly received: (count: number) => Promise<void>;
  /** Number of connections that were ever opened. */
  readonly connections: () => number;
  readonly sockets: ReadonlySet<Socket>;
  handler: Handler;
  readonly tls: TlsServer | undefined;
}

/** `tls` has the PEM texts of certificate and key. */
export async function startBadServer(
  handler: Handler,
  tls?: { readonly cert: string; readonly key: string },
): Promise<BadServer> {
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const seen = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: await text(incoming),
    };
    bad.requests.push(seen);
    for (const notice of waiting) notice();
    response.on('error', () => {});
    bad.handler(seen, response);
  };
  const waiting = new Set<() => void>();
  const received = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const notice = (): void => {
        if (bad.requests.length < count) return;
        waiting.delete(notice);
        resolve();
      };
      waiting.add(notice);
      notice();
    });
  const listener: RequestListener = (incoming, response) => {
    void serve(incoming, response).catch(() => response.destroy()); // the client closed the connection
  };
  const tlsServer = tls === undefined ? undefined : createTlsServer(tls, listener);
  const server = tlsServer ?? createServer(listener);
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const bad: BadServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests: [],
    received,
    connections: () => connections,
    sockets,
    handler,
    tls: tlsServer,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return bad;
}

/** A cluster at this URL with plain HTTP. `token` is called each time the credentials are read. */
export function clusterAt(url: string, token: () => string = () => 'secret-token'): Cluster {
  return {
    server: url,
    source: 'a test',
    namespace: 'default',
    load: () => {
      const config = new Credentials();
      config.loadFromClusterAndUser(
        { name: 'test', server: url, skipTLSVerify: true },
        { name: 'test', token: token() },
      );
      return config;
    },
  };
}

/** The client's usual deadline, which a correct client can miss on a busy machine. */
const USUAL_DEADLINE_MS = 5_000;
const PATIENT_MS = 60_000;

/** Real time, but with a longer time for the usual deadline. */
const patientClock: Clock = {
  ...systemClock,
  setTimer: (time, action) => systemClock.setTimer(time < USUAL_DEADLINE_MS ? time : PATIENT_MS, action),
};

/** A client that is closed at the end of its scope. */
export function clientOf(cluster: Cluster, clock: Clock = patientClock): KubeClient & AsyncDisposable {
  const client = createClient(cluster, { clock, version: '1.2.3' });
  return { ...client, [Symbol.asyncDispose]: () => client.close() };
}

/** Answers with JSON. */
export function answer(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Refuses as the API server does. */
export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  more: object = {},
  headers = {},
): void {
  answer(
    response,
    code,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, ...more },
    headers,
  );
}

/** Calls `use` with a client of a server with this `handler`. */
export async function withServer(
  handler: Handler,
  use: (client: ReturnType<typeof clientOf>, server: BadServer) => Promise<void>,
  clock?: Clock,
): Promise<void> {
  await using server = await startBadServer(handler);
  await using client = clientOf(clusterAt(server.url), clock);
  await use(client, server);
}

/** The KubeError that a call ends with. */
export async function problemOf(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof KubeError, `a KubeError was expected, not ${String(error)}`);
  return error;
}
