import type { Observed } from '../reconcile/observed.ts';
import type { Milliseconds, Seconds } from '../time/units.ts';
import type { Store } from './act.ts';
import type { FailureHandler, Progress } from './fail-round.ts';
import type { Observer } from './observe.ts';

/** The dependencies of rounds. */
export interface Reconciler extends FailureHandler {
  readonly observer: Observer;
  readonly store: Store;
  /** Since the epoch. */
  readonly now: () => Milliseconds;
}

/** One round after it has decided. `now` since the epoch. */
export interface DecidedRound {
  readonly reconciler: Reconciler;
  readonly progress: Progress;
  readonly observed: Observed;
  readonly now: Seconds;
}
