import type { Milliseconds } from '../time/units.ts';

/** What goes first: a wake-up that is due, a new object, a changed one, a look without a cause. */
export const PRIORITIES = ['due', 'new', 'changed', 'resync'] as const;
/** One word of `PRIORITIES`. */
export type Priority = (typeof PRIORITIES)[number];

/** Why a key is to be looked at. `expiresAt` (milliseconds since the epoch): within a priority the soonest goes first. */
export interface Work {
  readonly priority: Priority;
  readonly expiresAt?: Milliseconds | undefined;
}

/**
 * What a run of a key leads to. As long as its object exists a key is looked at again, whatever came of the run: at the
 * time that the run asks for, if it asks for one, and after the longest wait (`MAX_UNSEEN_MS`) at the latest. `retry`
 * backs off; `afterMs` makes that wait longer, never shorter, and `dueAt` (milliseconds since the epoch) ends it: something is
 * due then, whatever failed before. `forget`: the object does not exist.
 */
export type RunResult =
  | {
      readonly next: 'look';
      readonly at?: Milliseconds | undefined;
      readonly expiresAt?: Milliseconds | undefined;
    }
  | {
      readonly next: 'retry';
      readonly afterMs?: Milliseconds | undefined;
      readonly dueAt?: Milliseconds | undefined;
    }
  | { readonly next: 'forget' };
