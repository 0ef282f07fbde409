import type { Clock, Timer } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import { KeyBackoffs, type PlannedBackoff } from './key-backoffs.ts';
import { Lanes, type Ready } from './lanes.ts';
import { Runs } from './runs.ts';
import { WakeUps } from './wake-ups.ts';
import { PRIORITIES, type RunResult, type Work } from './work.ts';

/** What the queue calls, and how much at once. */
export interface QueueOptions {
  readonly clock: Clock;
  /**
   * Works on one key; never called for a key that is being worked on. A rejection counts as `retry` and goes to
   * `onError`. `isGivenUp`: the run took too long, or the queue was stopped. What it comes to later does not count, and
   * it must not write any more. `retryAt` (milliseconds since the epoch) is when the key is worked on again at the
   * earliest if this run leads to `retry`.
   */
  readonly process: (key: string, isGivenUp: () => boolean, retryAt: Milliseconds) => Promise<RunResult>;
  readonly onError: (key: string, error: unknown) => void;
  /** Keys worked on at once. */
  readonly workers: number;
  /** Numbers in [0, 1) for the jitter; `Math.random` by default. */
  readonly random?: () => number;
}

/** The next run that a run asks for comes no sooner: no plan, however wrong, makes a hot loop. */
const MIN_WAIT_MS = 1_000;
/**
 * So many runs begin before others get the event loop: those that find nothing to do wait for no network. Together they
 * take 1 ms.
 */
const RUNS_PER_TURN = 32;
const DRAIN_MS = 5_000; // a write takes no longer than its deadline

/** What was known of a run when it began. */
interface FinishedRun {
  readonly ready: Ready;
  readonly backoff: PlannedBackoff;
  readonly endOfBackoff: Milliseconds;
}

/**
 * Keys to work on: each once however often it is asked for, one worker per key, the most urgent first, wake-ups at
 * times of the wall clock, back-off per key. What is asked for while its key is being worked on leads to one more run.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #ready: Lanes;
  readonly #wakeUps: WakeUps<Work>;
  readonly #running: Runs;
  readonly #backoffs: KeyBackoffs;
  #state: 'new' | 'started' | 'stopped' = 'new';
  #sequence = 0;
  #dispatching = false;
  /** Runs that began since others had the event loop. */
  #runsThisTurn = 0;
  #roomTimer: Timer | undefined;
  #resolveDrained: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    const { clock, random = Math.random, workers } = options;
    this.#running = new Runs(clock);
    this.#backoffs = new KeyBackoffs(random);
    this.#ready = new Lanes(workers, PRIORITIES.indexOf('new'));
    this.#wakeUps = new WakeUps({
      clock,
      random,
      onDue: (key, expiresAt) => this.#enqueue(key, { priority: 'due', expiresAt }),
      onLook: (key, expiresAt) => this.#enqueue(key, { priority: 'resync', expiresAt }),
      onRetry: (key, work) => this.#enqueue(key, work),
      onClockSteppedBack: () => {
        for (const key of this.#running.keys()) this.#enqueue(key, { priority: 'due' });
      },
    });
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#ready.size + this.#running.askedAgain;
  }

  /** Keys being worked on. */
  get inFlight(): number {
    return this.#running.size;
  }

  /** Whether the key is being worked on, or backs off after a failure. */
  isBusy(key: string): boolean {
    return this.#running.has(key) || this.#backoffs.has(key);
  }

  /** Asks for a run as soon as a worker is free. `new` and `changed` are news: they end the key's back-off. */
  add(key: string, work: Work): void {
    if (work.priority === 'new' || work.priority === 'changed') {
      // The run that comes now decides about the next.
      if (this.#backoffs.forget(key)) this.#wakeUps.dropRetry(key);
      this.#ready.giveAnotherChance(key);
    }
    this.#enqueue(key, work);
  }

  /** Plans the next look at a key that needs no run, as the outcome of one would. Does nothing for a key that waits for one. */
  planLook(key: string, { at, expiresAt }: Extract<RunResult, { next: 'look' }>): void {
    if (this.#running.has(key) || this.#ready.get(key) !== undefined) return;
    this.#planWakeUp(key, at, expiresAt);
  }

  /** Drops the key's wake-up, back-off and place in the queue. A run that is under way goes on. */
  forget(key: string): void {
    this.#ready.forget(key);
    this.#wakeUps.drop(key);
    this.#backoffs.forget(key);
    this.#running.askAgain(key, undefined);
  }

  /** Begins to work; what was added before is kept. Only the first call counts. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#wakeUps.start();
    this.#dispatchSoon();
  }

  /** Begins no more runs, and resolves when the last has ended; those that take longer than `drainMs` are given up. */
  async stop(drainMs = DRAIN_MS): Promise<void> {
    this.#state = 'stopped';
    this.#wakeUps.stop();
    this.#roomTimer?.cancel();
    if (this.#running.size === 0) return;
    const limit = this.#options.clock.setTimer(drainMs, () => {
      this.#running.giveUpAll('the queue was stopped');
    });
    await new Promise<void>((resolve) => {
      this.#resolveDrained = resolve;
    });
    limit.cancel();
  }

  #enqueue(key: string, { priority, expiresAt = Number.POSITIVE_INFINITY }: Work): void {
    const inside = this.#running.asked(key) ?? this.#ready.get(key);
    const rank = PRIORITIES.indexOf(priority);
    this.#sequence += 1;
    const ready = {
      rank: Math.min(rank, inside?.rank ?? rank),
      expiresAt: Math.min(expiresAt, inside?.expiresAt ?? expiresAt),
      sequence: inside?.sequence ?? this.#sequence,
    };
    if (this.#running.has(key)) {
      this.#running.askAgain(key, ready);
    } else {
      this.#ready.set(key, ready);
      this.#dispatchSoon();
    }
  }

  /** Not at once: what is added in one go is put in order first. */
  #dispatchSoon(): void {
    if (this.#dispatching || this.#state !== 'started') return;
    this.#dispatching = true;
    if (this.#runsThisTurn < RUNS_PER_TURN) queueMicrotask(() => this.#dispatch());
    else setImmediate(() => this.#dispatch());
  }

  #dispatch(): void {
    this.#dispatching = false;
    if (this.#runsThisTurn >= RUNS_PER_TURN) this.#runsThisTurn = 0;
    while (this.#state === 'started') {
      const first = this.#ready.begin(this.#options.clock.monotonic());
      if (first === undefined) return this.#dispatchLater();
      this.#runsThisTurn += 1;
      void this.#run(first.key, first.item);
    }
  }

  /** When a run turns slow it holds back no other any more. */
  #dispatchLater(): void {
    const { clock } = this.#options;
    const roomAt = this.#ready.nextRoomAt(clock.monotonic());
    if (roomAt === undefined) {
      this.#roomTimer?.cancel();
      this.#roomTimer = undefined;
      return;
    }
    this.#roomTimer ??= clock.setTimer(roomAt - clock.monotonic(), () => {
      this.#roomTimer = undefined;
      this.#dispatchSoon();
    });
  }

  async #run(key: string, ready: Ready): Promise<void> {
    this.#wakeUps.drop(key); // its outcome says when to look again
    this.#wakeUps.noticeClockStep();
    const { clock, process } = this.#options;
    this.#running.begin(key);
    const backoff = this.#backoffs.plan(key, ready.expiresAt - clock.now());
    const retryAt = clock.now() + backoff.delay;
    const endOfBackoff = clock.monotonic() + backoff.delay;
    let outcome: RunResult;
    try {
      outcome = await this.#running.work(key, (isGivenUp) => process(key, isGivenUp, retryAt));
    } catch (error) {
      outcome = { next: 'retry' };
      if (this.#state === 'started') this.#options.onError(key, error);
    }
    this.#finish(key, outcome, { ready, backoff, endOfBackoff });
  }

  /** Each step needs what those before it have left. */
  #finish(key: string, outcome: RunResult, run: FinishedRun): void {
    // What was asked for meanwhile goes with the run.
    const again = this.#running.asked(key);
    this.#running.end(key);
    // How the run went decides in which lane its key waits from now on.
    this.#ready.end(key, this.#options.clock.monotonic(), outcome.next === 'retry');
    if (outcome.next === 'forget') this.#ready.forget(key);
    this.#planNext(key, outcome, run);
    // Whatever is planned, and even if the key was forgotten: what was asked for meanwhile is still to be done.
    if (again !== undefined) this.#ready.set(key, again);
    if (this.#state === 'stopped' && this.#running.size === 0) this.#resolveDrained?.();
    this.#dispatchSoon();
  }

  /** Plans the wake-up of the key after its run. */
  #planNext(key: string, outcome: RunResult, run: FinishedRun): void {
    const { clock } = this.#options;
    if (outcome.next === 'retry') this.#backoffs.fail(key, run.backoff);
    else this.#backoffs.forget(key);
    switch (outcome.next) {
      case 'forget':
        return;
      case 'look':
        this.#planWakeUp(key, outcome.at, outcome.expiresAt);
        return;
      case 'retry':
        // As urgent as it was: a thousand failing keys do not get ahead of the new ones.
        this.#wakeUps.planRetry(
          key,
          Math.max(run.endOfBackoff, clock.monotonic() + Math.max(MIN_WAIT_MS, outcome.afterMs ?? 0)),
          { priority: PRIORITIES[run.ready.rank] ?? 'due', expiresAt: run.ready.expiresAt },
        );
        if (outcome.dueAt !== undefined)
          this.#wakeUps.planDue(key, this.#notTooSoon(outcome.dueAt), run.ready.expiresAt);
        return;
      default:
        outcome satisfies never;
    }
  }

  #planWakeUp(key: string, at = Number.POSITIVE_INFINITY, expiresAt?: Milliseconds): void {
    this.#wakeUps.planLook(key, this.#notTooSoon(at), expiresAt);
  }

  /** Both in milliseconds since the epoch. */
  #notTooSoon(at: Milliseconds): Milliseconds {
    return Math.max(at, this.#options.clock.now() + MIN_WAIT_MS);
  }
}
