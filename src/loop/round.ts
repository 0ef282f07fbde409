import type { Failure } from '../reconcile/failure.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Outcome } from '../reconcile/outcome.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { Milliseconds, Seconds } from '../time/units.ts';
import type { Store } from './act.ts';
import type { Memory } from './memory.ts';
import type { Observer } from './observe.ts';
import type { Recorder } from './recorder.ts';

/** The dependencies of rounds. */
export interface Reconciler {
  readonly observer: Observer;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly memory: Memory;
  /** Since the epoch. */
  readonly now: () => Milliseconds;
  /** The meaning of an error that `store` or `observer` threw; `undefined`: it is a bug. */
  readonly classify: (error: unknown) => Failure | undefined;
  /** Called with a bug, for the log alone: it may hold anything. */
  readonly onBug: (error: unknown) => void;
}

/** A write of the Secret that was sent. */
export interface AttemptedWrite {
  readonly isScheduled: boolean;
  /** A change of the JWT or of its key asked for it, not one of the Secret. */
  readonly isAsked: boolean;
  /** The claim `jti` of the token in it; `undefined`: it holds the token that was there before. */
  readonly tokenId: string | undefined;
}

/** The state of a round so far. */
export interface Progress {
  /** The JWT as the cache had it when the round began. */
  readonly begunWith: Jwt;
  /** The JWT with the status that the API server has. */
  stored: Jwt;
  /** `undefined` until something was observed. */
  observed: Observed | undefined;
  /** The write that is being made to the Secret. */
  write: AttemptedWrite | undefined;
  /** The token that this round has written to the Secret. */
  signed: Outcome['signed'];
}

/** One round after it has decided. `now` since the epoch. */
export interface DecidedRound {
  readonly reconciler: Reconciler;
  readonly progress: Progress;
  readonly observed: Observed;
  readonly now: Seconds;
}
