import type { Clock } from '../../../src/time/clock.ts';
import type { Answer } from './answers.ts';
import type { Call } from './link.ts';
import { MAX_REST_MS } from './pace.ts';
import type { Replica } from './replica.ts';
import { MAX_BACKOFF_MS, SLOW_MS } from './api-server-state.ts';

/** Of leader election. */
const RENEW_DEADLINE_MS = 10_000;
export const RETRY_PERIOD_MS = 2_000;

export interface TroublesOptions {
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** The replica of that index, as long as its process lives. */
  readonly replica: (index: number) => Replica | undefined;
  readonly isLeader: (index: number) => boolean;
  /** Adds `ms` milliseconds to the answers that are under way. */
  readonly onStalled: (ms: number) => void;
  /** The leader may begin a term, if its process runs and does not doubt that it leads. */
  readonly onMayBegin: () => void;
}

interface Refusal {
  readonly call: Call;
  readonly answer: Answer;
}

/**
 * What keeps a replica from its work without ending its process: refused calls, suspensions, leadership in doubt.
 * Whatever begins one gives the milliseconds that the answer may take longer.
 */
export class Troubles {
  readonly #options: TroublesOptions;
  readonly #refusals = new Set<Refusal>();
  /** Replicas that doubt that they lead, though they hold the Lease. */
  readonly #doubts = new Set<number>();
  /** What ends the suspensions that last. */
  readonly #suspensions = new Set<() => void>();
  #stall = { ms: 0, until: 0 };

  constructor(options: TroublesOptions) {
    this.#options = options;
  }

  get areOver(): boolean {
    return this.#refusals.size + this.#doubts.size === 0;
  }

  /** What the call is answered with instead of being served. */
  refusalOf({ verb, what }: Call): Answer | undefined {
    for (const { call, answer } of this.#refusals)
      if (call.verb === verb && call.what === what) return answer;
    return undefined;
  }

  isInDoubt(index: number): boolean {
    return this.#doubts.has(index);
  }

  /** How much longer a round may have taken that ends now. */
  stallMs(): number {
    return this.#options.clock.monotonic() < this.#stall.until ? this.#stall.ms : 0;
  }

  /** Calls of this kind get this answer and are not carried out. */
  refuse(call: Call, answer: Answer, ms: number): number {
    const refusal = { call, answer };
    this.#refusals.add(refusal);
    this.#options.clock.setTimer(ms, () => this.#refusals.delete(refusal));
    const waitMs = Math.min((answer.retryAfter ?? 0) * 1_000, MAX_REST_MS);
    return ms + (answer.why === 'namespace goes' ? MAX_REST_MS : Math.max(waitMs, MAX_BACKOFF_MS));
  }

  /** The leader doubts that it leads for so long, and its term goes on. */
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

  /** A process that was stopped for long doubts that it leads when it goes on. */
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
      // As a `Leader` does, before anything else of the process goes on.
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

  /** A leader that doubts: it writes nothing, ends its term within the retry period, and begins another. */
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
    return 0;
  }
}
