import { readNamespaceDefault, type NamespaceDefault } from '../resources/namespace-default.ts';
import { LineLimit } from '../telemetry/line-limit.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { InTurn } from '../time/in-turn.ts';
import { RateLimit } from '../time/rate-limit.ts';
import type { Milliseconds } from '../time/units.ts';
import { METADATA_ONLY, type KubeClient } from './client.ts';
import { describeForLog, isNotFound } from './errors.ts';
import type { Log } from './log.ts';
import { NAMESPACES } from './known-resources.ts';
import { resourcePath } from './resource-path.ts';

interface NamespaceLookUpsOptions {
  readonly client: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The asker of a namespace's default. */
export interface NamespaceAsker {
  /** Askers with the same owner share its turns. */
  readonly owner: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** The askers with the same owner who wait for the answer about one namespace. */
interface WaitingAskers {
  readonly namespace: string;
  readonly owner: string;
  readonly callers: Set<(answer: NamespaceDefault | Promise<NamespaceDefault>) => void>;
}

/**
 * Any pod that reaches the webhook can have us ask about any name, with our own rights and in our own share of the API server,
 * where tokens are written, too. This many a second take it a fifth of a core at most; a cluster needs some only while a label
 * that was just set has not come through the watch.
 */
const LOOK_UPS = { aSecond: 200, atOnce: 100 };
const MAX_LOOK_UPS_UNDER_WAY = 16;
/** With the first one of an owner that has none: those of others may take as long as their deadline. */
const MAX_UNDER_WAY_BY_ALL = 64;
/** An asker waits no longer for a look-up and its turn together. */
const LOOK_UP_DEADLINE_MS = 2_000;
/** The room for waiting look-ups: the webhook has so many connections, and each of them has one request at a time. */
const WAITING_LOOK_UPS = { most: 600, mostOfOwner: 300 };
/** How long a failure counts for those that ask again. An answer does not: a label may be set at any time. */
const FAILURE_COUNTS_MS = 1_000;
const MAX_FAILURES = 1_000;

/**
 * Asks the API server for the labels of Namespaces, so often and so many at a time at the most, the askers in turn by their
 * owner, and about each namespace once for all of them.
 */
export class NamespaceLookUps {
  readonly #options: NamespaceLookUpsOptions;
  readonly #rate = new RateLimit(LOOK_UPS);
  readonly #waiting = new InTurn<WaitingAskers>(WAITING_LOOK_UPS);
  readonly #running = new Map<string, Promise<NamespaceDefault>>();
  /** How many run by the owner whose turn it was. */
  readonly #runningBy = new Map<string, number>();
  /** Until when the latest failures count, the oldest first. */
  readonly #failedUntil = new Map<string, Milliseconds>();
  readonly #lines: LineLimit;
  #timer: Timer | undefined;

  constructor(options: NamespaceLookUpsOptions) {
    this.#options = options;
    this.#lines = new LineLimit(options.clock); // what prevents one mostly prevents all of them
  }

  /** Not known once the asker gives up, or if too many wait. Never rejects; the log says why it is not known. */
  async lookUp(namespace: string, { owner, signal }: NamespaceAsker): Promise<NamespaceDefault> {
    const found = this.#find(namespace);
    if (found !== undefined) return found;
    if (signal.aborted) return { known: false };
    const askers = this.#waiting.get(owner, namespace) ?? { namespace, owner, callers: new Set() };
    if (!this.#waiting.add(owner, namespace, askers)) {
      this.#logFailure(namespace, 'TooManyWait');
      return { known: false };
    }
    const { promise, resolve } = Promise.withResolvers<NamespaceDefault>();
    askers.callers.add(resolve);
    const giveUp = (): void => {
      resolve({ known: false });
      askers.callers.delete(resolve);
      if (askers.callers.size > 0 || this.#waiting.get(owner, namespace) !== askers) return;
      this.#waiting.delete(owner, namespace);
      this.#logFailure(namespace, 'NoTurn');
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#work();
    return promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #work(): void {
    const { clock } = this.#options;
    for (;;) {
      const wait = this.#rate.waitAt(clock.monotonic());
      if (wait > 0) {
        if (this.#waiting.size > 0)
          this.#timer ??= clock.setTimer(wait, () => {
            this.#timer = undefined;
            this.#work();
          });
        return;
      }
      const next = this.#waiting.take((owner) => this.#hasCapacity(owner));
      if (next === undefined) return;
      const { namespace, owner, callers } = next;
      const answer = this.#find(namespace) ?? this.#start(namespace, owner);
      for (const resolve of callers) resolve(answer);
    }
  }

  #hasCapacity(owner: string): boolean {
    const running = this.#running.size;
    if (running < MAX_LOOK_UPS_UNDER_WAY) return true;
    return running < MAX_UNDER_WAY_BY_ALL && !this.#runningBy.has(owner);
  }

  #find(namespace: string): NamespaceDefault | Promise<NamespaceDefault> | undefined {
    const until = this.#failedUntil.get(namespace) ?? 0;
    if (until > this.#options.clock.monotonic()) return { known: false };
    return this.#running.get(namespace);
  }

  async #start(namespace: string, owner: string): Promise<NamespaceDefault> {
    this.#rate.take();
    this.#runningBy.set(owner, (this.#runningBy.get(owner) ?? 0) + 1);
    const asked = this.#ask(namespace);
    this.#running.set(namespace, asked);
    const answer = await asked;
    this.#running.delete(namespace);
    const others = (this.#runningBy.get(owner) ?? 1) - 1;
    if (others > 0) this.#runningBy.set(owner, others);
    else this.#runningBy.delete(owner);
    if (!answer.known) this.#rememberFailure(namespace);
    this.#work();
    return answer;
  }

  #rememberFailure(namespace: string): void {
    this.#failedUntil.delete(namespace);
    this.#failedUntil.set(namespace, this.#options.clock.monotonic() + FAILURE_COUNTS_MS);
    const [oldest] = this.#failedUntil.keys();
    if (this.#failedUntil.size > MAX_FAILURES && oldest !== undefined) this.#failedUntil.delete(oldest);
  }

  async #ask(namespace: string): Promise<NamespaceDefault> {
    try {
      const path = resourcePath(NAMESPACES, { name: namespace });
      const object = await this.#options.client.get(path, {
        accept: METADATA_ONLY,
        deadline: LOOK_UP_DEADLINE_MS,
      });
      return { known: true, token: readNamespaceDefault(object) };
    } catch (error) {
      if (isNotFound(error)) return { known: true, token: undefined }; // the API server will refuse the pod itself
      this.#logFailure(namespace, describeForLog(error).reason);
      return { known: false };
    }
  }

  /** One line a minute for each reason, with the latest namespace and how often it happened. */
  #logFailure(namespace: string, reason: string): void {
    const times = this.#lines.count(1, reason);
    if (times !== undefined) this.#options.log.warn({ namespace, reason, times }, NOT_READ);
  }
}

const NOT_READ = 'the default of a namespace could not be read';
