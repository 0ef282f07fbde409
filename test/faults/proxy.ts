import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';
import { createApiAgent } from '../controlplane/api-request.ts';
import type { CertificateAuthority } from '../controlplane/certificates.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';

/** A request of the service, with the members that rules need. */
export interface Seen {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly isWatch: boolean;
  /** Time of arrival, in milliseconds since the epoch. */
  readonly at: number;
  /** Status of the answer, 0 until there is one. */
  status: number;
  /** resourceVersion of the object in the answer. */
  resourceVersion?: string | undefined;
  /** The answer was passed on completely. */
  isAnswered: boolean;
}

/** What the proxy does with a request instead of passing it on. */
export type Treatment =
  | { readonly do: 'delay'; readonly ms: number }
  | { readonly do: 'answer'; readonly status: number; readonly retryAfter?: number }
  /** The connection is cut before anything is passed on. */
  | { readonly do: 'cut' }
  /** The request is passed on and executed, but the connection is cut before the answer. */
  | { readonly do: 'lose-answer' }
  /** Neither passed on nor answered until the promise resolves. */
  | { readonly do: 'hold'; readonly until: Promise<'pass' | 'drop'> }
  /** Passed on and executed; the answer waits. */
  | { readonly do: 'hold-answer'; readonly until: Promise<unknown> };

export type Rule = (seen: Seen) => Treatment | undefined;
/** Replaces an event of a watch; `cut`: the connection is cut in the middle of it. */
export type LineRule = (line: string, seen: Seen) => readonly string[] | 'cut' | undefined;

/**
 * Stands between one process and the API server, records every request, and does harm when a rule says so.
 */
export interface Proxy {
  readonly url: string;
  /** Every request so far. */
  readonly log: readonly Seen[];
  /**
   * Adds a rule. The returned function removes it and says how many requests it applied to. If several rules
   * apply, the first one is used.
   */
  treat(rule: Rule): () => number;
  /**
   * Changes the events of watches from now on; the returned function ends it, and says how many events it
   * changed.
   */
  rewrite(rule: LineRule): () => number;
  /**
   * From now on nothing passes on the present connections, in either direction; gives their number. New
   * connections work.
   */
  freezeConnections(): number;
  /** The present watches stay open and report nothing any more; gives their number. New watches work. */
  silenceWatches(): number;
  /** Cuts the connections of all watches; gives their number. */
  cutWatches(): number;
  /** Refuses new connections and cuts the present ones, until the returned function is called. */
  refuse(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** @param onStored is called with the resourceVersion of every object that the service stored. */
export async function startProxy(
  cluster: Pick<ControlPlane, 'url' | 'ca'>,
  authority: CertificateAuthority,
  onStored: (resourceVersion: string) => void,
): Promise<Proxy> {
  const agent = createApiAgent(cluster.ca);
  const { certificate, key } = await authority.issue(['localhost'], ['127.0.0.1']);
  const log: Seen[] = [];
  const rules = new Set<Rule>();
  const lineRules = new Set<LineRule>();
  const sockets = new Set<Socket>();
  const frozen = new WeakSet<Socket>();
  const watches = new Set<ServerResponse>();
  const silent = new WeakSet<ServerResponse>();

  const forward = async (
    incoming: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse,
  ): Promise<IncomingMessage> => {
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const asking = request(new URL(incoming.url ?? '/', cluster.url), {
      agent,
      method: incoming.method,
      headers,
    });
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) asking.destroy();
    });
    asking.end(body);
    const [answer]: IncomingMessage[] = await once(asking, 'response');
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
  const stream = async (seen: Seen, answer: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    watches.add(outgoing);
    outgoing.once('close', () => watches.delete(outgoing));
    outgoing.writeHead(answer.statusCode ?? 502, withoutHopHeaders(answer.headers));
    outgoing.flushHeaders();
    let rest = '';
    for await (const chunk of answer.setEncoding('utf8')) {
      if (silent.has(outgoing) || isFrozen(outgoing)) continue;
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const becomes = [...lineRules].map((rule) => rule(line, seen)).find((found) => found !== undefined);
        if (becomes === 'cut') {
          outgoing.write(line.slice(0, line.length / 2), () => outgoing.destroy());
          return;
        }
        for (const each of becomes ?? [line]) outgoing.write(`${each}\n`);
      }
    }
    outgoing.end();
  };
  const isFrozen = (outgoing: ServerResponse): boolean =>
    outgoing.socket !== null && frozen.has(outgoing.socket);
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', cluster.url);
    const isWatch = searchParams.get('watch') === 'true';
    const { method = 'GET' } = incoming;
    const seen: Seen = { method, path: pathname, isWatch, at: Date.now(), status: 0, isAnswered: false };
    log.push(seen);
    const body = await buffer(incoming);
    if (frozen.has(incoming.socket)) return;
    const treatment = [...rules].map((rule) => rule(seen)).find((found) => found !== undefined);
    if (treatment?.do === 'delay') await sleep(treatment.ms);
    if (treatment?.do === 'hold' && (await treatment.until) === 'drop') return;
    if (treatment?.do === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (treatment?.do === 'answer') {
      refuseWith(outgoing, seen, treatment);
      return;
    }
    const answer = await forward(incoming, body, outgoing);
    if (isWatch && answer.statusCode === 200) {
      seen.status = 200;
      await stream(seen, answer, outgoing);
      return;
    }
    const content = await buffer(answer);
    seen.status = answer.statusCode ?? 0;
    if (method !== 'GET' && seen.status < 300) {
      seen.resourceVersion = readResourceVersion(content);
      if (seen.resourceVersion !== undefined) onStored(seen.resourceVersion);
    }
    if (treatment?.do === 'hold-answer') await treatment.until;
    if (treatment?.do === 'lose-answer') incoming.socket.destroy();
    else if (!isFrozen(outgoing))
      outgoing
        .writeHead(seen.status, withoutHopHeaders(answer.headers))
        .end(content, () => (seen.isAnswered = true));
  };

  const server = createServer(
    { cert: certificate, key, ALPNProtocols: ['http/1.1'] },
    (incoming, outgoing) => {
      serve(incoming, outgoing).catch(() => incoming.socket.destroy()); // as if the API server itself had closed the connection
    },
  );
  server.keepAliveTimeout = 120_000; // as long as the API server's own limit
  server.requestTimeout = 0;
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const { port } = address;
  /**
   * @param set has the active rules; the returned function removes this one, and says how often it applied.
   */
  const add = <A extends unknown[], R>(set: Set<(...about: A) => R>, rule: (...about: A) => R) => {
    let met = 0;
    const counting = (...about: A): R => {
      const found = rule(...about);
      if (found !== undefined) met += 1;
      return found;
    };
    set.add(counting);
    return (): number => {
      set.delete(counting);
      return met;
    };
  };
  const hangUp = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: `https://127.0.0.1:${port}`,
    log,
    treat: (rule) => add(rules, rule),
    rewrite: (rule) => add(lineRules, rule),
    freezeConnections: () => {
      for (const socket of sockets) frozen.add(socket);
      return sockets.size;
    },
    silenceWatches: () => {
      for (const watch of watches) silent.add(watch);
      return watches.size;
    },
    cutWatches: () => {
      const { size } = watches;
      for (const watch of watches) watch.destroy();
      return size;
    },
    refuse: async () => {
      await hangUp();
      return async () => {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
      };
    },
    close: async () => {
      if (server.listening) await hangUp();
      agent.destroy();
    },
  };
}

/** Removes headers that belong to one connection only (RFC 9110 §7.6.1); the body is sent again. */
function withoutHopHeaders(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection: _connection, 'transfer-encoding': _encoding, ...rest } = headers;
  return rest;
}

function readResourceVersion(content: Buffer): string | undefined {
  try {
    return JSON.parse(content.toString()).metadata.resourceVersion;
  } catch {
    return undefined;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  404: 'NotFound',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

function refuseWith(
  outgoing: ServerResponse,
  seen: Seen,
  { status, retryAfter }: { readonly status: number; readonly retryAfter?: number },
): void {
  seen.status = status;
  const details = retryAfter === undefined ? {} : { details: { retryAfterSeconds: retryAfter } };
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: status,
    reason: REASONS[status],
    ...details,
  };
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
