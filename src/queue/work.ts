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
 * The result of a round. As long as its object exists a key gets another round, whatever the result of this one was: at `dueAt`
 * (milliseconds since the epoch), when something is due, and after the longest wait (`WorkQueueOptions.resyncPeriod`) at the
 * latest. `retry` backs off until then; `after` makes the back-off longer, never shorter. `forget`: the object does not exist.
 */
export type RoundResult =
  | {
      readonly next: 'wait';
      readonly dueAt?: Milliseconds | undefined;
      readonly expiresAt?: Milliseconds | undefined;
    }
  | {
      readonly next: 'retry';
      readonly after?: Milliseconds | undefined;
      readonly dueAt?: Milliseconds | undefined;
    }
  | { readonly next: 'forget' };

/** The key is worked on again after a back-off. */
export type Retry = Extract<RoundResult, { next: 'retry' }>;
