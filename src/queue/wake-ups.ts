import type { Clock, Timer } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import { KeyedHeap } from './keyed-heap.ts';
import { ClockStep } from './clock-step.ts';
import type { WaitResult, Work } from './work.ts';

/** Share of the longest wait that is random: so keys that were worked on together are not worked on together again. */
const SPREAD = 0.1;
/** At a start, where all keys are scheduled in one moment, nearly all of the longest wait is random. */
const SPREAD_AT_START = 0.9;
/**
 * Resyncs in a millisecond. After a suspension those of all keys are over at the same time, and others need the event loop. The
 * rest stays where it is, so that a hundred thousand cost no more each time than a hundred. What is due waits for the resyncs
 * that were planned before it: of a hundred thousand for some seconds, which renewals are planned early enough for.
 */
const RESYNCS_PER_MS = 32;
/**
 * Longest waits end at whole multiples of this, so that what nothing is planned for is worked on together: of a hundred thousand
 * keys, 170 are in a second, and most of the CPU was for waking up for each.
 */
const TOGETHER_MS = 1_000;
/** Wake-ups are times of the wall clock, which jumps; a timer does not. So it never sleeps longer than this. */
const MAX_SLEEP_MS = 60_000;

interface WakeUpsOptions {
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** The longest wait. */
  readonly resyncPeriod: Milliseconds;
  /** The time that was scheduled for the key has come. `expiresAt` as in `scheduleWake`. */
  readonly onDue: (key: string, expiresAt: Milliseconds | undefined) => void;
  /** Nothing is due: the longest wait of the key is over. `last`: the result that it was scheduled with. */
  readonly onResync: (key: string, last: WaitResult) => void;
  /** The back-off of the key is over. */
  readonly onRetry: (key: string, work: Work) => void;
  /** The clock was set back: `onDue` was called for everything that was scheduled. */
  readonly onClockSteppedBack: () => void;
}

interface Wake {
  /** When the key is worked on, at the latest. */
  readonly time: Milliseconds;
  /** When something is due; `Infinity`: nothing is scheduled. */
  readonly dueAt: Milliseconds;
  readonly expiresAt: Milliseconds | undefined;
  /** As in the result that it was scheduled with. */
  readonly basis: WaitResult['basis'];
}

interface PendingRetry {
  readonly time: Milliseconds;
  readonly work: Work;
}

const isSooner = (a: { readonly time: Milliseconds }, b: { readonly time: Milliseconds }): boolean =>
  a.time < b.time;

/**
 * When each key is to be worked on again: at times of the wall clock for what is scheduled, at times of the monotonic
 * clock for back-offs (a wall clock that is set back must not make them longer). One timer serves all keys.
 */
export class WakeUps {
  readonly #options: WakeUpsOptions;
  readonly #wakes = new KeyedHeap<Wake>(isSooner);
  readonly #retries = new KeyedHeap<PendingRetry>(isSooner);
  readonly #clockStep: ClockStep;
  #isStarted = false;
  #timer: Timer | undefined;
  /** The earliest of the wake-ups and of the retries that the timer was set for. */
  #armedFor: { readonly wake: Milliseconds; readonly retry: Milliseconds } | undefined;

  constructor(options: WakeUpsOptions) {
    this.#options = options;
    this.#clockStep = new ClockStep(options.clock);
  }

  /**
   * Schedules the next round of the key for `dueAt` (milliseconds since the epoch), or earlier: after the longest wait it is
   * checked in any case. `result`: of its last round.
   */
  scheduleWake(key: string, dueAt: Milliseconds, result: WaitResult): void {
    this.#scheduleWithin(SPREAD, key, dueAt, result);
  }

  /** As `scheduleWake`, for one of all keys, which are scheduled in one moment. */
  scheduleFirstWake(key: string, dueAt: Milliseconds, result: WaitResult): void {
    this.#scheduleWithin(SPREAD_AT_START, key, dueAt, result);
  }

  /**
   * Schedules work that becomes due at `dueAt` (milliseconds since the epoch), and nothing sooner: for a key that gets a round
   * by then anyway, being tried again or waiting for a worker.
   */
  scheduleDue(key: string, dueAt: Milliseconds, expiresAt: Milliseconds | undefined): void {
    if (!Number.isFinite(dueAt)) return;
    this.#wakes.set(key, { time: dueAt, dueAt, expiresAt, basis: undefined });
    this.#arm();
  }

  /** Schedules another try at `time` of the monotonic clock, or earlier: no back-off takes longer than the longest wait. */
  scheduleRetry(key: string, time: Milliseconds, work: Work): void {
    const { clock, resyncPeriod } = this.#options;
    const latest = clock.monotonic() + resyncPeriod;
    this.#retries.set(key, { time: earlier(time, latest), work });
    this.#arm();
  }

  /** Removes everything that is scheduled for the key. */
  drop(key: string): void {
    this.#wakes.delete(key);
    this.#retries.delete(key);
  }

  /** Ends the back-off of the key. */
  dropRetry(key: string): void {
    this.#retries.delete(key);
  }

  start(): void {
    this.#isStarted = true;
    this.noticeClockStep();
    this.#arm();
  }

  stop(): void {
    this.#isStarted = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Wakes everything after the clock was set back: tokens signed before that might not be valid yet. */
  noticeClockStep(): void {
    if (!this.#clockStep.happened()) return;
    this.#wakeUntil(Number.POSITIVE_INFINITY);
    this.#options.onClockSteppedBack();
  }

  #scheduleWithin(spread: number, key: string, dueAt: Milliseconds, { expiresAt, basis }: WaitResult): void {
    const { clock, random, resyncPeriod } = this.#options;
    const now = clock.now();
    const latest = together(now, now + resyncPeriod * (1 - spread * random()));
    this.#wakes.set(key, { time: earlier(dueAt, latest), dueAt, expiresAt, basis });
    this.#arm();
  }

  /** One timer for the earliest wake-up or retry of all. */
  #arm(): void {
    if (!this.#isStarted) return;
    const { clock } = this.#options;
    const wake = this.#wakes.first()?.time ?? Number.POSITIVE_INFINITY;
    const retry = this.#retries.first()?.time ?? Number.POSITIVE_INFINITY;
    if (this.#timer !== undefined && wake === this.#armedFor?.wake && retry === this.#armedFor.retry) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedFor = { wake, retry };
    if (this.#wakes.size + this.#retries.size === 0) return;
    const wait = Math.min(wake - clock.now(), retry - clock.monotonic());
    const shortened = Math.min(Math.max(wait, 1), MAX_SLEEP_MS);
    this.#timer = clock.setTimer(shortened, () => this.#wake());
  }

  #wake(): void {
    const { clock, onRetry } = this.#options;
    this.#timer = undefined;
    this.noticeClockStep();
    this.#wakeUntil(clock.now());
    for (const { key, item } of takeDue(this.#retries, clock.monotonic())) onRetry(key, item.work);
    this.#arm();
  }

  #wakeUntil(now: Milliseconds): void {
    const { onDue, onResync } = this.#options;
    let resyncs = 0;
    for (const { key, item } of takeDue(this.#wakes, now)) {
      const { dueAt, expiresAt, basis } = item;
      if (dueAt <= now) {
        onDue(key, expiresAt);
        continue;
      }
      this.scheduleDue(key, dueAt, expiresAt); // a round may have to wait for a worker
      onResync(key, { next: 'wait', dueAt, expiresAt, basis });
      resyncs += 1;
      if (resyncs === RESYNCS_PER_MS) return; // the timer is set for the rest
    }
  }
}

/** The last multiple of `TOGETHER_MS` until `time`, if it is after `now`; otherwise `time`. */
function together(now: Milliseconds, time: Milliseconds): Milliseconds {
  const common = time - (time % TOGETHER_MS);
  return common > now ? common : time;
}

/** Takes out what is due at `now`, one after the other. */
function* takeDue<T extends { readonly time: Milliseconds }>(
  heap: KeyedHeap<T>,
  now: Milliseconds,
): Generator<{ readonly key: string; readonly item: T }> {
  for (;;) {
    const first = heap.first();
    if (first === undefined || first.time > now) return;
    const due = heap.pop();
    if (due !== undefined) yield due;
  }
}

/** `latest` also if the time is NaN: a wrong calculation of a time must not put off the next round. */
function earlier(time: Milliseconds, latest: Milliseconds): Milliseconds {
  return time < latest ? time : latest;
}
