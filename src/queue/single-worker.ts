import type { Milliseconds } from '../time/units.ts';

/** A round takes at least this long, so that two of no measurable length take turns. */
const MIN_MS = 1;

/**
 * How quick keys share a single worker with the limited lanes, whose rounds could hold it forever: by time, since one of those
 * can take as long as a hundred quick ones.
 */
export class SingleWorker {
  /** How long the last limited round took. */
  #limited: Milliseconds = 0;
  /** How long quick rounds took since then. */
  #quick: Milliseconds = 0;

  /** Whether quick keys have had the worker for less time than the last limited round took. */
  get isQuickBehind(): boolean {
    return this.#quick < this.#limited;
  }

  /** Takes note of a round that has ended. */
  ended(isQuick: boolean, took: Milliseconds): void {
    const counted = Math.max(took, MIN_MS);
    if (isQuick) this.#quick += counted;
    else [this.#limited, this.#quick] = [counted, 0];
  }
}
