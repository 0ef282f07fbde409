import type { Clock } from '../../time/clock.ts';
import { startDeadline } from '../../time/deadline.ts';
import type { Milliseconds } from '../../time/units.ts';
import type { Cluster } from './cluster.ts';
import type { Authentication, Credentials, Dispatcher } from './credentials.ts';
import { CredentialsError, ServerChanged } from './credentials-error.ts';

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

/** The longest look at credentials: a plugin may have a person log in meanwhile. It is ended then, and the next one begins. */
const LOOK_MS = 300_000;

/** How long a request waits for a look while there are credentials that were not refused. */
const KEEP_MS = 1_000;

/** How long a request waits after a refusal: most plugins take a second or two, and most calls have 5 s at all. */
const RENEW_MS = 4_000;

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
  #placedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<Session> | undefined;
  readonly #closing = new AbortController();

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Whether a person is waiting, who may have to log in before a request. */
  get asksPeople(): boolean {
    return this.#cluster.asksPeople === true;
  }

  /** The session to send with. Rejects if reading the first credentials does, or when `signal` aborts meanwhile. */
  current(signal: AbortSignal | undefined): Session | Promise<Session> {
    const isFresh = this.#clock.monotonic() - this.#lookedAt < FRESH_MS;
    if (this.#session !== undefined && isFresh) return this.#session;
    return this.#wait(this.#look(this.#session), this.#session === undefined ? LOOK_MS : KEEP_MS, signal);
  }

  /**
   * After `stale` was refused: reads kubeconfig, tokens and certificates from where they come from.
   * Resolves to the session to try again with, the same one when nothing can have changed since, or not in time. Rejects
   * when there are no credentials for this API server any more.
   */
  async renew(stale: Session, signal: AbortSignal | undefined): Promise<Session> {
    // An ordinary look that is running may find the change already.
    const running = this.#looking?.catch(() => stale);
    if (running !== undefined) await this.#wait(running, RENEW_MS, signal);
    if (this.#session !== undefined && this.#session !== stale) return this.#session;
    if (this.#looking !== undefined) return this.#wait(this.#looking, RENEW_MS, signal);
    if (this.#clock.monotonic() - this.#renewedAt < RENEWAL_PAUSE_MS) return stale;
    this.#renewedAt = this.#clock.monotonic();
    this.#credentials = undefined;
    return this.#wait(this.#look(stale), RENEW_MS, signal);
  }

  /**
   * After the API server was not reached: whether the kubeconfig leads elsewhere by now. Another proxy is used from then on;
   * another API server is thrown as `ServerChanged`.
   */
  checkPlace(): void {
    if (this.#clock.monotonic() - this.#placedAt < FRESH_MS) return;
    this.#placedAt = this.#clock.monotonic();
    let found: Credentials;
    try {
      found = this.#cluster.load();
    } catch (error) {
      if (error instanceof ServerChanged) throw error;
      return; // a file that is being replaced
    }
    if (found.proxy === this.#credentials?.proxy) return;
    this.#credentials = found;
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  /** Aborts every request, ends a plugin that is running, and closes all connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    const dispatchers = [...this.#retired];
    if (this.#session !== undefined) dispatchers.push(this.#session.dispatcher);
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()));
  }

  /** A look that takes long goes on behind what is sent with the credentials that are known. */
  async #wait(look: Promise<Session>, time: Milliseconds, signal: AbortSignal | undefined): Promise<Session> {
    const known = this.#session;
    const limit = startDeadline(this.#clock, this.asksPeople ? LOOK_MS : time, signal);
    try {
      const found = await orAborted(look, limit.signal);
      if (found !== undefined) return found;
    } finally {
      limit.release();
    }
    if (known === undefined) throw new CredentialsError(`${this.#describeOrigin()} has not answered yet`);
    this.#lookedAt = this.#clock.monotonic();
    return known;
  }

  #describeOrigin(): string {
    return this.#credentials?.describeOrigin() ?? 'the login of the kubeconfig';
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
      const identity = await this.#authenticate(last?.fingerprint);
      const dispatcher = identity.dispatcher ?? last?.dispatcher;
      if (dispatcher === undefined) throw new Error('client-node made no connection pool');
      if (last !== undefined && dispatcher !== last.dispatcher) this.#retire(last.dispatcher);
      if (this.#closing.signal.aborted) void dispatcher.destroy();
      // The same credentials are the same session: that distinguishes `renew` from a look that changed nothing.
      const isSame =
        last !== undefined && identity.dispatcher === undefined && isEqual(last.headers, identity.headers);
      this.#session = isSame
        ? last
        : { dispatcher, headers: identity.headers, fingerprint: identity.fingerprint };
    } catch (error) {
      // A file that is being replaced, a plugin that fails once: what we have is good until it is refused.
      if (last === undefined) throw error;
      if (error instanceof ServerChanged) {
        this.#retire(last.dispatcher);
        this.#session = undefined;
        throw error;
      }
      this.#session = last;
    }
    return this.#session;
  }

  async #authenticate(known: string | undefined): Promise<Authentication> {
    this.#credentials ??= this.#cluster.load();
    const limit = startDeadline(this.#clock, LOOK_MS, this.#closing.signal);
    try {
      const answer = this.#credentials.identify(this.#cluster.server, known, limit.signal);
      const found = await orAborted(answer, limit.signal);
      if (found !== undefined) return found;
      throw new CredentialsError(`${this.#describeOrigin()} did not answer`);
    } finally {
      limit.release();
    }
  }

  #retire(dispatcher: Dispatcher): void {
    this.#retired.add(dispatcher);
    const forget = (): unknown => this.#retired.delete(dispatcher);
    dispatcher.close().then(forget, forget);
  }
}

/** The result of a promise, or `undefined` once `signal` is aborted. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const onAbort = (): void => aborted.resolve(undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([promise, aborted.promise]);
}

function isEqual(a: Session['headers'], b: Session['headers']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
