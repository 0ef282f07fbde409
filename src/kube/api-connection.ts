import type { Clock } from '../time/clock.ts';
import type { Cluster } from './cluster.ts';
import type { Credentials, Dispatcher } from './credentials.ts';

/** The connection and headers that a request is sent with. Never kept longer than one request. */
export interface Session {
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
  readonly fingerprint: string;
}

/**
 * How old headers may get. ServiceAccount tokens are replaced when a fifth of their life is left, exec and OIDC
 * tokens when they expire; client-node itself looks at a token file again after 60 s.
 */
const FRESH_MS = 30_000;

/** After a refusal everything is read again, but not for each of a thousand refused requests. */
const RENEWAL_PAUSE_MS = 1_000;

/**
 * One connection pool to the API server and the headers that go with it. Without a cap on its connections: watches would starve
 * the calls. The pool is replaced when the TLS material changes; running requests end on the old one.
 */
export class ApiConnection {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #retired = new Set<Dispatcher>();
  #credentials: Credentials | undefined;
  #session: Session | undefined;
  #lookedAt = 0;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<Session> | undefined;
  #closed = false;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** The session to send with. Rejects with what reading the credentials throws, if there never were any. */
  current(): Session | Promise<Session> {
    const isFresh = this.#clock.monotonic() - this.#lookedAt < FRESH_MS;
    if (this.#session !== undefined && isFresh) return this.#session;
    return this.#look(this.#session);
  }

  /**
   * After `stale` was refused: reads kubeconfig, tokens and certificates from where they come from.
   * Resolves to the session to try again with, the same one when nothing can have changed since.
   */
  async renew(stale: Session): Promise<Session> {
    // An ordinary look that is running may find the change already.
    await this.#looking?.catch(() => undefined);
    if (this.#session !== undefined && this.#session !== stale) return this.#session;
    if (this.#looking !== undefined) return this.#looking;
    if (this.#clock.monotonic() - this.#renewedAt < RENEWAL_PAUSE_MS) return stale;
    this.#renewedAt = this.#clock.monotonic();
    this.#credentials = undefined;
    return this.#look(stale);
  }

  /** Aborts every request and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    const dispatchers = [...this.#retired];
    if (this.#session !== undefined) dispatchers.push(this.#session.dispatcher);
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  #look(last: Session | undefined): Promise<Session> {
    this.#looking ??= this.#identify(last).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #identify(last: Session | undefined): Promise<Session> {
    this.#lookedAt = this.#clock.monotonic();
    try {
      this.#credentials ??= this.#cluster.load();
      const identity = await this.#credentials.identify(this.#cluster.server, last?.fingerprint);
      const dispatcher = identity.dispatcher ?? last?.dispatcher;
      if (dispatcher === undefined) throw new Error('client-node made no connection pool');
      if (last !== undefined && dispatcher !== last.dispatcher) this.#retire(last.dispatcher);
      if (this.#closed) void dispatcher.destroy();
      // The same credentials are the same session: that distinguishes `renew` from a look that changed nothing.
      const isSame =
        last !== undefined && identity.dispatcher === undefined && isEqual(last.headers, identity.headers);
      this.#session = isSame
        ? last
        : { dispatcher, headers: identity.headers, fingerprint: identity.fingerprint };
    } catch (error) {
      // A file that is being replaced, a plugin that fails once: what we have is good until it is refused.
      if (last === undefined) throw error;
      this.#session = last;
    }
    return this.#session;
  }

  #retire(dispatcher: Dispatcher): void {
    this.#retired.add(dispatcher);
    const forget = (): unknown => this.#retired.delete(dispatcher);
    dispatcher.close().then(forget, forget);
  }
}

function isEqual(a: Session['headers'], b: Session['headers']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
