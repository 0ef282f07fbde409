import type { Clock } from '../../../src/time/clock.ts';
import type { Answer } from './answers.ts';
import type { Call } from './link.ts';
import { MAX_REST_MS } from './pace.ts';
import type { Replica } from './replica.ts';
import { MAX_BACKOFF_MS, SLOW_MS } from './api-server-state.ts';

/** A duration of leader election. */
const RENEW_DEADLINE_MS = 10_000;
export const RETRY_PERIOD_MS = 2_000;

export interface TroublesOptions {
  readonly clock: Clock;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  /** The replica with this index, while its process exists. */
  readonly replica: (index: number) => Replica | undefined;
  readonly isLeader: (index: number) => boolean;
  /** Adds `ms` milliseconds to all running reactions. */
  readonly onStalled: (ms: number) => void;
  /** Called when the leader can begin a term, if its process runs and does not doubt that it leads. */
  readonly onMayBegin: () => void;
}

interface Refusal {
  readonly call: Call;
  readonly answer: Answer;
}

/**
 * Troubles: events that stop the work of a replica without ending its process: refused calls, suspensions,
 * doubts about leadership. Each function that begins one gives the additional milliseconds for the reaction.
 */
export class Troubles {
  readonly #options: TroublesOptions;
  readonly #refusals = new Set<Refusal>();
  /** Replicas that doubt that they lead, although they hold the Lease. */
  readonly #doubts = new Set<number>();
  /** Functions that end the present suspensions. */
  readonly #suspensions = new Set<() => void>();
  #stall = { ms: 0, until: 0 };
  /** The time until which owners cannot be removed from Secrets. */
  #ownersKeptUntil = Number.NEGATIVE_INFINITY;

  constructor(options: TroublesOptions) {
    this.#options = options;
  }

  get areOver(): boolean {
    return this.#refusals.size + this.#doubts.size === 0;
  }

  /** The answer to a call that is not executed. */
  refusalOf({ verb, what }: Call): Answer | undefined {
    for (const { call, answer } of this.#refusals)
      if (call.verb === verb && call.what === what) return answer;
    return undefined;
  }

  get keepsOwners(): boolean {
    return this.#options.clock.monotonic() < this.#ownersKeptUntil;
  }

  /** How long owners can still exist because their removal was refused. */
  get ownersGoneMs(): number {
    return this.#ownersKeptUntil + MAX_BACKOFF_MS - this.#options.clock.monotonic();
  }

  isInDoubt(index: number): boolean {
    return this.#doubts.has(index);
  }

  /** The additional time of a round that ends now. */
  stallMs(): number {
    return this.#options.clock.monotonic() < this.#stall.until ? this.#stall.ms : 0;
  }

  /** Calls of this kind get this answer and are not executed. */
  refuse(call: Call, answer: Answer, ms: number): number {
    const refusal = { call, answer };
    this.#refusals.add(refusal);
    this.#options.clock.setTimer(ms, () => this.#refusals.delete(refusal));
    const waitMs = Math.min((answer.retryAfter ?? 0) * 1_000, MAX_REST_MS);
    return ms + (answer.why === 'namespace goes' ? MAX_REST_MS : Math.max(waitMs, MAX_BACKOFF_MS));
  }

  /** An admission policy forbids to remove owners from Secrets: no reason to delay a signature. */
  keepOwners(ms: number): number {
    this.#ownersKeptUntil = Math.max(this.#ownersKeptUntil, this.#options.clock.monotonic() + ms);
    return 0;
  }

  /** The leader doubts for this time that it leads, and its term continues. */
  doubt(ms: number): number {
    const index = [0, 1].find((each) => this.#options.isLeader(each));
    if (index === undefined || this.#doubts.has(index)) return 0;
    this.#doubts.add(index);
    this.#options.clock.setTimer(ms, () => {
      this.#doubts.delete(index);
      this.#options.onMayBegin();
    });
    return 2.5 * (ms + 2_000);
  }

  /** A process that was stopped for long doubts that it leads when it continues. */
  suspend(index: number, what: 'process' | 'machine', ms: number): number {
    const { clock, isLeader, onMayBegin, onStalled } = this.#options;
    const replica = this.#options.replica(index);
    if (replica === undefined || replica.process.isPaused()) return 0;
    onStalled(ms);
    const stoppedAt = clock.monotonic();
    this.#stall = { ms: Math.max(ms, this.#stall.ms), until: stoppedAt + ms + SLOW_MS };
    replica.process.pause(what);
    const goOn = (): void => {
      if (!this.#suspensions.delete(goOn)) return;
      const isAlive = this.#options.replica(index) === replica;
      // As in a `Leader`, before anything else in the process continues.
      const isLong = clock.monotonic() - stoppedAt >= RENEW_DEADLINE_MS;
      if (isAlive && isLong && isLeader(index)) this.#renewTerm(index);
      replica.process.resume();
      onMayBegin();
    };
    this.#suspensions.add(goOn);
    clock.setTimer(ms, goOn);
    return ms + RETRY_PERIOD_MS;
  }

  /** The wall clock steps ahead: the leader doubts that it leads. */
  step(index: number | undefined, ms: number): void {
    if (index !== undefined && ms >= RENEW_DEADLINE_MS) this.#renewTerm(index);
  }

  /** A doubting leader writes nothing, ends its term within the retry period, and begins another one. */
  #renewTerm(index: number): void {
    const { random, onMayBegin } = this.#options;
    const replica = this.#options.replica(index);
    if (replica === undefined) return;
    this.#doubts.add(index);
    const { term } = replica;
    const renew = async (): Promise<void> => {
      replica.endTerm(term);
      await replica.ended;
      this.#doubts.delete(index);
      onMayBegin();
    };
    replica.process.setTimer(RETRY_PERIOD_MS * random(), () => void renew());
  }

  end(): number {
    this.#refusals.clear();
    for (const goOn of this.#suspensions) goOn();
    this.#ownersKeptUntil = Math.min(this.#ownersKeptUntil, this.#options.clock.monotonic());
    return Math.max(0, this.ownersGoneMs);
  }
}
