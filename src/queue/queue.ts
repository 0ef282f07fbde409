import type { Timer } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import { Lanes } from './lanes.ts';
import { RoundBackoffs, type ScheduledBackoff } from './round-backoffs.ts';
import { RunningRounds } from './running-rounds.ts';
import { raiseUrgency, type Urgency } from './urgency.ts';
import { WakeUps } from './wake-ups.ts';
import {
  PATIENCE_MS,
  PRIORITIES,
  type RoundResult,
  type WaitResult,
  type Work,
  type WorkQueueOptions,
} from './work.ts';

/** The next round that a round asks for comes no sooner: no time, however wrong, makes a hot loop. */
const MIN_WAIT_MS = 1_000;
/**
 * How many rounds begin before other work gets the event loop: those that find nothing to do wait for no network. Together
 * they take 1 ms.
 */
const ROUNDS_PER_TURN = 32;
const DRAIN_MS: Milliseconds = 5_000; // a write takes no longer than its deadline

/** The state of a key when its round began. */
interface RoundStart {
  readonly urgency: Urgency;
  readonly backoff: ScheduledBackoff;
  readonly endOfBackoff: Milliseconds;
}

/**
 * Keys to work on: each once however often it is asked for, one worker per key, the most urgent first, wake-ups at
 * times of the wall clock, back-off per key. What is asked for while its key is being worked on leads to one more round.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #lanes: Lanes;
  readonly #wakeUps: WakeUps;
  readonly #running: RunningRounds;
  readonly #backoffs: RoundBackoffs;
  #state: 'new' | 'started' | 'stopped' = 'new';
  #sequence = 0;
  #dispatching = false;
  /** Rounds that began since this queue last waited for a turn of the event loop. */
  #roundsThisTurn = 0;
  #roomTimer: Timer | undefined;
  /** The callers that wait for `idle`. */
  readonly #idleWaiters: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    const { clock, random = Math.random, resyncPeriod, workers } = options;
    this.#running = new RunningRounds(clock);
    this.#backoffs = new RoundBackoffs(random);
    this.#lanes = new Lanes(workers);
    this.#wakeUps = new WakeUps({
      clock,
      random,
      resyncPeriod,
      onDue: (key, expiresAt) => this.#enqueue(key, { priority: 'due', expiresAt }),
      onResync: (key, last) => this.#resync(key, last),
      onRetry: (key, work) => this.#enqueue(key, work, PATIENCE_MS.resync),
      onClockSteppedBack: () => {
        for (const key of this.#running.keys()) this.#enqueue(key, { priority: 'due' });
      },
    });
  }

  /** How many keys wait for a worker. */
  depth(): number {
    return this.#lanes.size + this.#running.countAskedAgain();
  }

  /** Whether the key is being worked on, or backs off after a failure. */
  isBusy(key: string): boolean {
    return this.#running.has(key) || this.#backoffs.has(key);
  }

  /** Asks for a round as soon as a worker is free. `new` and `changed` are news: they end the key's back-off. */
  add(key: string, work: Work): void {
    let patience = PATIENCE_MS[work.priority];
    if (work.priority === 'new' || work.priority === 'changed') {
      if (this.#backoffs.forget(key)) {
        this.#wakeUps.dropRetry(key); // the round that comes now decides about the next
        patience = PATIENCE_MS.resync;
      }
      this.#lanes.giveAnotherChance(key);
    }
    this.#enqueue(key, work, patience);
  }

  /**
   * Schedules the next round as a round with this result would, without doing one; to be called for all keys at a start. Does
   * nothing for a key that waits for a round or has one.
   */
  wakeAsAfterRound(key: string, result: WaitResult): void {
    if (this.#running.has(key) || this.#lanes.get(key) !== undefined) return;
    this.#wakeUps.scheduleFirstWake(key, this.#notTooSoon(result.dueAt), result);
  }

  /** Drops the key's wake-up, back-off and place in the queue. A running round goes on. */
  forget(key: string): void {
    this.#lanes.forget(key);
    this.#wakeUps.drop(key);
    this.#backoffs.forget(key);
    this.#running.askAgain(key, undefined);
    this.#noticeIdle();
  }

  /** Begins to work; what was added before is kept. Only the first call counts. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#wakeUps.start();
    this.#dispatchSoon();
  }

  /** Begins no more rounds, and resolves when the last has ended; those that take longer than `drainTime` are given up. */
  async stop(drainTime: Milliseconds = DRAIN_MS): Promise<void> {
    this.#state = 'stopped';
    this.#wakeUps.stop();
    this.#roomTimer?.cancel();
    this.#noticeIdle();
    if (this.#isIdle()) return;
    const limit = this.#options.clock.setTimer(drainTime, () => {
      this.#running.giveUpAll('the queue was stopped');
    });
    await this.idle();
    limit.cancel();
  }

  /** Resolves when no key waits or is being worked on; of a queue that was stopped, when none is being worked on. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  #isIdle(): boolean {
    return this.#running.size === 0 && (this.#state === 'stopped' || this.#lanes.size === 0);
  }

  #noticeIdle(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  #enqueue(
    key: string,
    { priority, expiresAt = Number.POSITIVE_INFINITY }: Work,
    patience: Milliseconds = PATIENCE_MS[priority],
  ): void {
    this.#sequence += 1;
    const now = this.#options.clock.monotonic();
    const urgency = raiseUrgency(this.#running.asked(key) ?? this.#lanes.get(key), {
      rank: PRIORITIES.indexOf(priority),
      expiresAt,
      sequence: this.#sequence,
      since: now,
      patientUntil: now + patience,
    });
    if (this.#running.has(key)) {
      this.#running.askAgain(key, urgency);
    } else {
      this.#lanes.set(key, urgency);
      this.#dispatchSoon();
    }
  }

  /** A key that needs nothing, as most do, gets its next look without a place in the queue. */
  #resync(key: string, last: WaitResult): void {
    const { skip } = this.#options;
    const isWaiting = this.#running.has(key) || this.#lanes.get(key) !== undefined;
    const result = isWaiting || this.#backoffs.has(key) ? undefined : skip?.(key, last);
    if (result === undefined) {
      this.#enqueue(key, { priority: 'resync', expiresAt: last.expiresAt });
      return;
    }
    this.#lanes.forget(key); // as after a quick round: what made it a suspect is over
    this.#scheduleWake(key, result);
  }

  /** Not at once: what is added in one go is put in order first. */
  #dispatchSoon(): void {
    if (this.#dispatching || this.#state !== 'started') return;
    this.#dispatching = true;
    if (this.#roundsThisTurn < ROUNDS_PER_TURN) queueMicrotask(() => this.#dispatch());
    else setImmediate(() => this.#dispatch());
  }

  #dispatch(): void {
    this.#dispatching = false;
    if (this.#roundsThisTurn >= ROUNDS_PER_TURN) this.#roundsThisTurn = 0;
    while (this.#state === 'started') {
      const first = this.#lanes.begin(this.#options.clock.monotonic());
      if (first === undefined) return this.#dispatchLater();
      this.#roundsThisTurn += 1;
      void this.#work(first.key, first.urgency);
    }
  }

  /** When a round turns slow it holds back no other any more. */
  #dispatchLater(): void {
    const { clock } = this.#options;
    const roomAt = this.#lanes.nextRoomAt(clock.monotonic());
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

  async #work(key: string, urgency: Urgency): Promise<void> {
    this.#wakeUps.drop(key); // its result says when the next round is due
    this.#wakeUps.noticeClockStep();
    const { clock, reconcile } = this.#options;
    const backoff = this.#backoffs.schedule(key, urgency.expiresAt - clock.now());
    const nextAttemptAt = clock.now() + backoff.delay;
    const endOfBackoff = clock.monotonic() + backoff.delay;
    let result: RoundResult;
    try {
      result = await this.#running.run(key, (isGivenUp) => reconcile(key, isGivenUp, nextAttemptAt));
    } catch (error) {
      result = { next: 'retry' };
      if (this.#state === 'started') this.#options.onError(key, error);
    }
    this.#finish(key, result, { urgency, backoff, endOfBackoff });
  }

  /** Each step needs what those before it have left. */
  #finish(key: string, result: RoundResult, start: RoundStart): void {
    // A request that came meanwhile goes with the round.
    const again = this.#running.asked(key);
    this.#running.end(key);
    // How the round went decides in which lane its key waits from now on.
    this.#lanes.end(key, this.#options.clock.monotonic(), result.next === 'retry');
    if (result.next === 'forget') this.#lanes.forget(key);
    this.#scheduleNext(key, result, start);
    // Whatever is scheduled, and even if the key was forgotten: what was asked for meanwhile is still to be done.
    if (again !== undefined) this.#lanes.set(key, again);
    this.#noticeIdle();
    this.#dispatchSoon();
  }

  /** Schedules the wake-up of the key after its round. */
  #scheduleNext(key: string, result: RoundResult, { urgency, backoff, endOfBackoff }: RoundStart): void {
    const { clock } = this.#options;
    if (result.next === 'retry') this.#backoffs.fail(key, backoff);
    else this.#backoffs.forget(key);
    switch (result.next) {
      case 'forget':
        return;
      case 'wait':
        this.#scheduleWake(key, result);
        return;
      case 'retry':
        // As urgent as it was: a thousand failing keys do not get ahead of the new ones.
        this.#wakeUps.scheduleRetry(
          key,
          Math.max(endOfBackoff, clock.monotonic() + Math.max(MIN_WAIT_MS, result.after ?? 0)),
          { priority: PRIORITIES[urgency.rank] ?? 'due', expiresAt: urgency.expiresAt },
        );
        if (result.dueAt !== undefined)
          this.#wakeUps.scheduleDue(key, this.#notTooSoon(result.dueAt), urgency.expiresAt);
        return;
      default:
        result satisfies never;
    }
  }

  #scheduleWake(key: string, result: WaitResult): void {
    this.#wakeUps.scheduleWake(key, this.#notTooSoon(result.dueAt), result);
  }

  /** Both in milliseconds since the epoch. */
  #notTooSoon(dueAt: Milliseconds = Number.POSITIVE_INFINITY): Milliseconds {
    return Math.max(dueAt, this.#options.clock.now() + MIN_WAIT_MS);
  }
}
