import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Milliseconds } from '../time/units.ts';
import { FairShare, RANK, type HeldRank } from './fair-share.ts';
import { HandshakeTurns } from './handshake-turns.ts';

/** How long a connection may stay in each state. */
export interface ConnectionLimits {
  /** The limit for all clients together, those before their handshake included. */
  readonly connections: number;
  /**
   * The connections of one client that sends requests, however many others there are that do not; while this leaves room for one
   * more.
   */
  readonly guaranteed: number;
  readonly handshake: Milliseconds;
  /** The time from the first byte of a request to its last. */
  readonly asking: Milliseconds;
  /** The time from the last byte of a request until its answer has been taken. */
  readonly answering: Milliseconds;
  /** The time without a request, whether or not there was one before. */
  readonly idle: Milliseconds;
  /** How often the others are checked: no limit is kept more exactly. */
  readonly look: Milliseconds;
}

type State = keyof Pick<ConnectionLimits, 'handshake' | 'asking' | 'answering' | 'idle'>;

/** The current use of a connection, and how many whole requests it has carried. */
interface ConnectionUse {
  readonly state: State;
  readonly requests: number;
}

interface OpenConnection {
  readonly tcp: Socket;
  readonly owner: string;
  /**
   * The stream that requests are read from, and know as their socket: another than `tcp` with TLS, and none before its handshake.
   */
  stream: Socket | undefined;
  /** Bytes of the stream when the last request was complete: while there are no more, none has begun. */
  bytesWhenQuiet: number;
  requests: number;
  /** The answer to the newest request, and whether all of that request has come. */
  response: ServerResponse | undefined;
  isReceived: boolean;
  /** Its state at the last look, and since when. */
  seen: { readonly state: State; readonly requests: number; readonly since: Milliseconds };
}

/** How many senders are remembered: a few API servers, and then as many others as the webhook has connections. */
const MAX_SENDERS = 1_024;

/**
 * How long a connection may be idle. Go's client, that of the API server and of Prometheus, drops its own after 90 s: it must be
 * the one who does, or a request may be on its way to a connection that is gone.
 */
export const IDLE_MS = 95_000;

/** The limit for a request's headers: those of the API server and of Prometheus have some hundred bytes. */
export const MAX_HEADER_BYTES = 8 * 1024;

/**
 * How many bytes a request may have, Node limits; how long it may take, `ClientConnections` does. They are set on the server:
 * among Fastify's options, a `keepAliveTimeout` of 0 stands for its own 72 s.
 */
const NODE_LIMITS_OFF = { headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 } as const;

/**
 * No bytes of a connection are read before its handshake begins: a connection that waits for its turn takes none of our memory.
 * And Node would go on reading into buffers as small as what it read first: a request of 28 KB in three pieces instead of one,
 * as long as the connection lasts.
 */
export const UNREAD_BEFORE_TLS = { pauseOnConnect: true } as const;

/**
 * Ends connections that last too long in one state, and those beyond the limit. Node's own limits cannot do both: the one that
 * ends a half-sent request also answers, with a 408, a connection that a client has opened but not used yet, and what the
 * client writes at that instant is lost. So here time counts from the first byte of a request, not from the connection.
 *
 * When there are too many, the address with the most loses one: first what is spare (for the webhook, one that never carried a
 * whole request), then an idle one, oldest first. So many connections from elsewhere never cost the API server one that it
 * uses, and from however many addresses they come, it gets new ones as long as some of them were never used: one for each
 * review that it sends at once, up to what is guaranteed.
 *
 * An address is all that is known of a client before TLS, and many clients may share one: behind a proxy, or behind a Service
 * that hides addresses. So none is refused for being busy: an API server that opens hundreds of connections at once gets them
 * all, only their handshakes take turns (`HandshakeTurns`). The price: an attacker at the API server's own address
 * uses up the API server's share. Addresses of IPv6 are compared whole: the API server and pods may share their first 64 bits.
 */
export class ClientConnections {
  readonly #limits: ConnectionLimits;
  readonly #shares: FairShare<OpenConnection>;
  readonly #open = new Set<OpenConnection>();
  readonly #byStream = new WeakMap<Socket, OpenConnection>();
  /** Addresses of whole requests, the latest last: also of an API server that had nothing to ask for a while. */
  readonly #senders = new Set<string>();

  constructor(limits: ConnectionLimits, rankOf: (use: ConnectionUse) => HeldRank = rankReviews) {
    this.#limits = limits;
    this.#shares = new FairShare(
      limits.connections,
      (connection) => rankOf({ state: stateOfConnection(connection), requests: connection.requests }),
      { weight: limits.guaranteed, isActive: (owner) => this.#senders.has(owner) },
    );
  }

  /**
   * From now on until the server closes, in the place of Node's own limits of time. `secure`: its connections begin with a TLS
   * handshake.
   */
  watch(server: Server, { secure }: { readonly secure: boolean }): void {
    Object.assign(server, NODE_LIMITS_OFF);
    const shaking = new Map<string, OpenConnection>();
    const turns = secure ? takeTurns(server) : undefined;
    server.on('connection', (tcp) => {
      const connection = this.#add(tcp, secure);
      const ends = endsOf(tcp);
      tcp.on('error', () => {}); // before its handshake nobody else listens; `close` reports it
      if (secure) shaking.set(ends, connection);
      else this.#byStream.set(tcp, connection);
      tcp.once('close', () => {
        this.#open.delete(connection);
        this.#shares.give(connection);
        turns?.drop(connection.owner, tcp);
        if (shaking.get(ends) === connection) shaking.delete(ends);
      });
      for (const loser of this.#shares.take(connection.owner, connection, 1)) loser.tcp.destroy();
      if (!tcp.destroyed) turns?.take(connection.owner, tcp);
    });
    server.on('secureConnection', (socket: Socket) => {
      socket.resume(); // the option that leaves connections unread (`UNREAD_BEFORE_TLS`) counts for what is in TLS, too
      const ends = endsOf(socket);
      const connection = shaking.get(ends);
      shaking.delete(ends);
      if (connection === undefined) return;
      connection.stream = socket;
      this.#byStream.set(socket, connection);
    });
    const looking = setInterval(() => this.#look(performance.now()), this.#limits.look).unref();
    server.once('close', () => clearInterval(looking));
  }

  /**
   * A request's headers have been read. False for one that came before the answer to the one before it, which no client
   * of ours does: then the connection is ended.
   */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#byStream.get(request.socket);
    if (connection === undefined) return true;
    // Not `writableFinished`: the client may have the answer, and send the next request, before Node reports that.
    if (connection.response?.writableEnded === false) {
      connection.tcp.destroy();
      return false;
    }
    connection.response = response;
    connection.isReceived = false;
    return true;
  }

  /** The address it came from. (The socket would ask the system each time.) */
  ownerOf(request: IncomingMessage): string {
    return this.#byStream.get(request.socket)?.owner ?? '';
  }

  /** The request is complete. Gives the address that it came from. */
  received(request: IncomingMessage): string {
    const connection = this.#byStream.get(request.socket);
    if (connection === undefined) return '';
    connection.isReceived = true;
    connection.requests += 1;
    connection.bytesWhenQuiet = request.socket.bytesRead;
    this.#noteSender(connection.owner);
    return connection.owner;
  }

  /** Ends those that carry no request. */
  endIdle(): void {
    for (const connection of this.#open)
      if (stateOfConnection(connection) === 'idle') connection.tcp.destroy();
  }

  endAll(): void {
    for (const { tcp } of this.#open) tcp.destroy();
  }

  #add(tcp: Socket, secure: boolean): OpenConnection {
    const connection: OpenConnection = {
      tcp,
      owner: tcp.remoteAddress ?? '',
      stream: secure ? undefined : tcp,
      bytesWhenQuiet: 0,
      requests: 0,
      response: undefined,
      isReceived: true,
      seen: { state: secure ? 'handshake' : 'idle', requests: 0, since: performance.now() },
    };
    this.#open.add(connection);
    return connection;
  }

  #noteSender(owner: string): void {
    this.#senders.delete(owner);
    this.#senders.add(owner);
    const [oldest] = this.#senders;
    if (this.#senders.size > MAX_SENDERS && oldest !== undefined) this.#senders.delete(oldest);
  }

  #look(now: Milliseconds): void {
    for (const connection of this.#open) {
      const { seen, requests } = connection;
      const state = stateOfConnection(connection);
      if (state !== seen.state || requests !== seen.requests)
        connection.seen = { state, requests, since: now };
      else if (now - seen.since >= this.#limits[state]) connection.tcp.destroy();
    }
  }
}

function stateOfConnection({ stream, isReceived, response, bytesWhenQuiet }: OpenConnection): State {
  if (stream === undefined) return 'handshake';
  if (!isReceived || stream.bytesRead !== bytesWhenQuiet) return 'asking';
  return response?.writableFinished === false ? 'answering' : 'idle';
}

/** Has the server's own listeners begin handshakes when they get a turn, not with the connection. */
function takeTurns(server: Server): HandshakeTurns<Socket> {
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  return new HandshakeTurns((tcp) => {
    if (!tcp.destroyed) for (const begin of listeners) Reflect.apply(begin, server, [tcp]);
  });
}

/** An idle connection is kept: the API server may be about to send a request over it, which would fail. */
function rankReviews({ requests, state }: ConnectionUse): HeldRank {
  if (requests === 0) return RANK.spare;
  return state === 'idle' ? RANK.idle : RANK.busy;
}

/** The ends of a connection in words: a TCP socket and the TLS socket over it have equal ones, and no other pair has. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''}`;
}
