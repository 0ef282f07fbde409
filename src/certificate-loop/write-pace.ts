import { backoffDelay, MANY_TRIES } from '../time/backoff.ts';
import type { Milliseconds } from '../time/units.ts';

/** How many writes may be made without a wait: to begin with there are three, and an admin changes something now and then. */
const AT_ONCE = 5;
/** How long there must be no write until all are forgotten. */
const FORGET_MS = 600_000;

/** How often this process writes the same kind of thing: others who keep changing it back get slower answers. */
export class WritePace {
  #writes = 0;
  #lastAt: Milliseconds = 0;

  /** How long the next write has to wait. Times on a clock that never goes back. */
  waitAt(monotonic: Milliseconds): Milliseconds {
    const quiet = monotonic - this.#lastAt;
    if (quiet >= FORGET_MS) this.#writes = 0;
    if (this.#writes < AT_ONCE) return 0;
    return Math.max(0, backoffDelay(MANY_TRIES, this.#writes - AT_ONCE + 1, () => 0) - quiet);
  }

  /** A write was made. True for the first one that is more than go out at once: somebody should know. */
  note(monotonic: Milliseconds): boolean {
    this.#writes += 1;
    this.#lastAt = monotonic;
    return this.#writes === AT_ONCE + 1;
  }
}
