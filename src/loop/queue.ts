import { backoffDelay } from './backoff.ts';
import type { Clock, Timer } from './clock.ts';
import { KeyedHeap } from './heap.ts';
import { TurnBack } from './turn-back.ts';

/** What goes first: a wake-up that is due, a new object, a changed one, a look without a cause. */
export const PRIORITIES = ['due', 'new', 'changed', 'resync'] as const;
export type Priority = (typeof PRIORITIES)[number];

/**
 * What a run of a key leads to. `at` may be `Infinity`: only news, or a clock that is set back, lead to another run;
 * after `idle` news alone do. `retry` backs off; `afterMs` (Retry-After) makes that wait longer, never shorter.
 */
export type Outcome =
  | { readonly next: 'idle' }
  | { readonly next: 'at'; readonly time: number; readonly expiresAt?: number | undefined }
  | { readonly next: 'retry'; readonly afterMs?: number };

export interface QueueOptions {
  readonly clock: Clock;
  /**
   * Works on one key; never called for a key that is being worked on. A rejection counts as `retry` and goes to
   * `onError`. `signal` is aborted when the queue was stopped and the time to drain is over. `retryAt` (milliseconds
   * since the epoch) is when the key is worked on again at the earliest if this run leads to `retry`.
   */
  readonly process: (key: string, signal: AbortSignal, retryAt: number) => Promise<Outcome>;
  readonly onError: (key: string, error: unknown) => void;
  /** Keys worked on at once; 32 unless told. */
  readonly workers?: number;
  /** Numbers in [0, 1) for the jitter; `Math.random` unless told. */
  readonly random?: () => number;
}

/** Why a key is to be looked at. `expiresAt` (milliseconds since the epoch): within a priority the soonest goes first. */
export interface Work {
  readonly priority: Priority;
  readonly expiresAt?: number | undefined;
}

interface Ready {
  readonly rank: number;
  readonly expiresAt: number;
  readonly sequence: number;
}

interface Wake {
  readonly time: number;
  readonly work: Work;
}

const isSooner = (a: Wake, b: Wake): boolean => a.time < b.time;

const DEFAULT_WORKERS = 32; // contract §3, --workers
const RETRY = { firstMs: 1_000, longestMs: 300_000 }; // contract §1: 1 s … 5 min
/** A back-off takes no more than this share of the time until the token expires: more tries fit in before that. */
const SHARE_OF_REST = 0.5;
/** A run that asks for its own next run gets it no sooner: whatever a plan computes, there is no hot loop. */
const SHORTEST_WAIT_MS = 1_000;
/** Wake-ups are times of the wall clock, which jumps; a timer does not. So it never sleeps longer than this. */
const LONGEST_LOOK_AWAY_MS = 60_000;
const DRAIN_MS = 5_000; // a write takes no longer than its deadline

/**
 * Keys to work on: each once however often it is asked for, one worker per key, the most urgent first, wake-ups at
 * times of the wall clock, back-off per key. What is asked for while its key is being worked on leads to one more run.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #ready = new KeyedHeap<Ready>(
    (a, b) =>
      a.rank < b.rank ||
      (a.rank === b.rank &&
        (a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.sequence < b.sequence))),
  );
  readonly #wakes = new KeyedHeap<Wake>(isSooner);
  /** Ends of back-offs, by the monotonic clock: a wall clock that is set back must not make them longer. */
  readonly #retries = new KeyedHeap<Wake>(isSooner);
  /** Keys being worked on, with what was asked for meanwhile. */
  readonly #running = new Map<string, Ready | undefined>();
  readonly #failures = new Map<string, number>();
  readonly #turnBack: TurnBack;
  readonly #abort = new AbortController();
  #state: 'new' | 'started' | 'stopped' = 'new';
  #sequence = 0;
  #timer: Timer | undefined;
  /** The earliest of the wake-ups and of the retries that the timer was set for. */
  #armedFor: { readonly wake: number; readonly retry: number } | undefined;
  #dispatching = false;
  #drained: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#turnBack = new TurnBack(options.clock);
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    let again = 0;
    for (const ready of this.#running.values()) if (ready !== undefined) again += 1;
    return this.#ready.size + again;
  }

  /** Keys being worked on. */
  get inFlight(): number {
    return this.#running.size;
  }

  /** Whether the key is being worked on, or backs off after a failure. */
  isBusy(key: string): boolean {
    return this.#running.has(key) || this.#failures.has(key);
  }

  /** Asks for a run as soon as a worker is free. `new` and `changed` are news: they end the key's back-off. */
  add(key: string, work: Work): void {
    if (work.priority === 'new' || work.priority === 'changed') {
      // The run that comes now decides about the next.
      if (this.#failures.delete(key)) this.#retries.delete(key);
    }
    this.#enqueue(key, work);
  }

  /** Asks for a run at `time` (milliseconds since the epoch). One per key: the earlier one stays. */
  addAt(key: string, time: number, expiresAt?: number): void {
    const pending = this.#wakes.get(key);
    if (pending !== undefined && pending.time <= time) return;
    this.#wakes.set(key, { time, work: { priority: 'due', expiresAt } });
    this.#arm();
  }

  /** Drops the key's wake-up, back-off and place in the queue. A run that is under way goes on. */
  forget(key: string): void {
    this.#ready.delete(key);
    this.#wakes.delete(key);
    this.#retries.delete(key);
    this.#failures.delete(key);
    if (this.#running.has(key)) this.#running.set(key, undefined);
  }

  /** Begins to work; what was added before is kept. Only the first call counts. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#planAnewIfTurnedBack();
    this.#arm();
    this.#dispatchSoon();
  }

  /** Begins no more runs, and resolves when the last has ended; those that take longer than `drainMs` are aborted. */
  async stop(drainMs = DRAIN_MS): Promise<void> {
    this.#state = 'stopped';
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#running.size === 0) return;
    const limit = this.#options.clock.setTimer(drainMs, () => this.#abort.abort());
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    limit.cancel();
  }

  #enqueue(key: string, { priority, expiresAt = Number.POSITIVE_INFINITY }: Work): void {
    const inside = this.#running.get(key) ?? this.#ready.get(key);
    const rank = PRIORITIES.indexOf(priority);
    this.#sequence += 1;
    const ready = {
      rank: Math.min(rank, inside?.rank ?? rank),
      expiresAt: Math.min(expiresAt, inside?.expiresAt ?? expiresAt),
      sequence: inside?.sequence ?? this.#sequence,
    };
    if (this.#running.has(key)) {
      this.#running.set(key, ready);
    } else {
      this.#ready.set(key, ready);
      this.#dispatchSoon();
    }
  }

  /** Not at once: what is added in one go is put in order first. */
  #dispatchSoon(): void {
    if (this.#dispatching || this.#state !== 'started') return;
    this.#dispatching = true;
    queueMicrotask(() => {
      this.#dispatching = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    const workers = this.#options.workers ?? DEFAULT_WORKERS;
    while (this.#state === 'started' && this.#running.size < workers) {
      const first = this.#ready.pop();
      if (first === undefined) return;
      void this.#run(first.key, first.item);
    }
  }

  async #run(key: string, ready: Ready): Promise<void> {
    this.#wakes.delete(key); // its outcome says when to look again
    this.#retries.delete(key);
    this.#planAnewIfTurnedBack();
    this.#running.set(key, undefined);
    const { clock, process, random = Math.random } = this.#options;
    const failures = this.#failures.get(key) ?? 0;
    const backoff = backoffDelay(RETRY, failures + 1, random);
    const rest = ready.expiresAt - clock.now();
    const delay = rest > 0 ? Math.min(backoff, Math.max(rest * SHARE_OF_REST, SHORTEST_WAIT_MS)) : backoff;
    const retryAt = clock.now() + delay;
    const endOfBackoff = clock.monotonic() + delay;
    let outcome: Outcome;
    try {
      outcome = await process(key, this.#abort.signal, retryAt);
    } catch (error) {
      outcome = { next: 'retry' };
      if (this.#state === 'started') this.#options.onError(key, error);
    }
    const again = this.#running.get(key);
    this.#running.delete(key);
    // What was hurried counts for nothing: once the token has expired, the wait goes on from where it was.
    this.#follow(key, outcome, { ready, endOfBackoff, failures: delay < backoff ? failures : failures + 1 });
    if (again !== undefined) this.#ready.set(key, again);
    if (this.#state === 'stopped' && this.#running.size === 0) this.#drained?.();
    this.#dispatchSoon();
  }

  #follow(
    key: string,
    outcome: Outcome,
    run: { readonly ready: Ready; readonly endOfBackoff: number; readonly failures: number },
  ): void {
    const { clock } = this.#options;
    switch (outcome.next) {
      case 'idle':
        this.#failures.delete(key);
        return;
      case 'at':
        this.#failures.delete(key);
        this.addAt(key, Math.max(outcome.time, clock.now() + SHORTEST_WAIT_MS), outcome.expiresAt);
        return;
      case 'retry':
        this.#failures.set(key, run.failures);
        // As urgent as it was: a thousand failing keys do not get ahead of the new ones.
        this.#retries.set(key, {
          time: Math.max(
            run.endOfBackoff,
            clock.monotonic() + Math.max(SHORTEST_WAIT_MS, outcome.afterMs ?? 0),
          ),
          work: { priority: PRIORITIES[run.ready.rank] ?? 'due', expiresAt: run.ready.expiresAt },
        });
        this.#arm();
        return;
      default:
        outcome satisfies never;
    }
  }

  /** One timer for the earliest wake-up or retry of all. */
  #arm(): void {
    if (this.#state !== 'started') return;
    const { clock } = this.#options;
    const wake = this.#wakes.first()?.time ?? Number.POSITIVE_INFINITY;
    const retry = this.#retries.first()?.time ?? Number.POSITIVE_INFINITY;
    if (this.#timer !== undefined && wake === this.#armedFor?.wake && retry === this.#armedFor.retry) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = { wake, retry };
    if (this.#wakes.size + this.#retries.size === 0) return;
    const wait = Math.min(wake - clock.now(), retry - clock.monotonic());
    const shortened = Math.min(Math.max(wait, 1), LONGEST_LOOK_AWAY_MS);
    this.#timer = clock.setTimer(shortened, () => this.#wake());
  }

  #wake(): void {
    const { clock } = this.#options;
    this.#timer = undefined;
    this.#planAnewIfTurnedBack();
    this.#enqueueDue(this.#wakes, clock.now());
    this.#enqueueDue(this.#retries, clock.monotonic());
    this.#arm();
  }

  /** What was planned by a clock that was set back since is planned anew: tokens signed by it may not be valid yet. */
  #planAnewIfTurnedBack(): void {
    if (!this.#turnBack.happened()) return;
    this.#enqueueDue(this.#wakes, Number.POSITIVE_INFINITY);
    for (const key of this.#running.keys()) this.#enqueue(key, { priority: 'due' });
  }

  #enqueueDue(wakes: KeyedHeap<Wake>, now: number): void {
    for (;;) {
      const first = wakes.first();
      if (first === undefined || first.time > now) return;
      const due = wakes.pop();
      if (due !== undefined) this.#enqueue(due.key, due.item.work);
    }
  }
}
