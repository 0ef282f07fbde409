import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';

/**
 * The reasons for a round, the first goes first: work is due, a new object, a changed one, a round without a cause (`resync`).
 */
export const PRIORITIES = ['due', 'new', 'changed', 'resync'] as const;
/** One word of `PRIORITIES`. */
export type Priority = (typeof PRIORITIES)[number];

/**
 * How long a key waits for a worker before it gets one although others are more urgent (`WaitingKeys`). When it is due, its last
 * round may have been minutes ago, and nine when it has a resync or is tried again (`MAX_RESYNC_MS`), whatever its priority then
 * is: a single worker may take half a minute more until it is its turn. A new key had no round; one that was changed gets its
 * resync while it waits.
 */
export const PATIENCE_MS: Readonly<Record<Priority, Milliseconds>> = {
  due: 30_000,
  new: 300_000,
  changed: 300_000,
  resync: 10_000,
};

/** Why a key is to be worked on. `expiresAt` (milliseconds since the epoch): within a priority the soonest goes first. */
export interface Work {
  readonly priority: Priority;
  readonly expiresAt?: Milliseconds | undefined;
}

/**
 * The result of a round. As long as its object exists a key is checked again, whatever the result of this one was: at `dueAt`
 * (milliseconds since the epoch), when something is due, and after the longest wait (`WorkQueueOptions.resyncPeriod`) at
 * the latest, with a round unless `WorkQueueOptions.skip` says that it needs none. `retry` backs off until then; `after` makes
 * the back-off longer, never shorter. `forget`: the object does not exist.
 */
export type RoundResult =
  | WaitResult
  | {
      readonly next: 'retry';
      readonly after?: Milliseconds | undefined;
      readonly dueAt?: Milliseconds | undefined;
    }
  | { readonly next: 'forget' };

/** The key is worked on again when something is due. */
export interface WaitResult {
  readonly next: 'wait';
  readonly dueAt?: Milliseconds | undefined;
  readonly expiresAt?: Milliseconds | undefined;
  /** A note of `WorkQueueOptions.skip` for itself: what it made the result from. */
  readonly basis?: object | undefined;
}

/** The key is worked on again after a back-off. */
export type Retry = Extract<RoundResult, { next: 'retry' }>;

/** The callbacks of the queue, and its limits. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  /**
   * Works on one key; never called for a key that is being worked on. A rejection counts as `retry` and goes to
   * `onError`. `isGivenUp`: the round took too long, or the queue was stopped. What it comes to later does not count, and
   * it must not write any more. `nextAttemptAt` (milliseconds since the epoch) is when the key is worked on again at the
   * earliest if this round leads to `retry`.
   */
  readonly reconcile: (
    key: string,
    isGivenUp: () => boolean,
    nextAttemptAt: Milliseconds,
  ) => Promise<RoundResult>;
  readonly onError: (key: string, error: unknown) => void;
  /**
   * The result of a round of a key for which nothing is planned, known at once: then none begins. `undefined`: it takes one.
   * Without it each key gets its round. `last`: the result that the key is waiting with.
   */
  readonly skip?: (key: string, last: WaitResult) => WaitResult | undefined;
  /** Keys worked on at once. */
  readonly workers: number;
  /** No key waits longer to be checked again, whatever its last round came to. */
  readonly resyncPeriod: Milliseconds;
  /** Numbers in [0, 1) for the jitter; `Math.random` by default. */
  readonly random?: () => number;
}
