import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';

/** A clock that was set back by less leaves every token valid: they are backdated by as much (docs/tokens.md, `iat`, `nbf`). */
const TOLERANCE_MS = 60_000;

/** Notices that the wall clock was set back, by the monotonic one. To be asked before each use of the wall clock. */
export class ClockStep {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  /** How far the wall clock was ahead of the monotonic one at most, since it was set back last. */
  #ahead: Milliseconds;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
    this.#ahead = aheadOf(clock);
  }

  /** Whether it was set back since it was asked last, or since this was made; true once for each time. */
  happened(): boolean {
    const ahead = aheadOf(this.#clock);
    const isBehind = ahead < this.#ahead - TOLERANCE_MS;
    this.#ahead = isBehind ? ahead : Math.max(this.#ahead, ahead);
    return isBehind;
  }
}

function aheadOf(clock: Pick<Clock, 'now' | 'monotonic'>): Milliseconds {
  return clock.now() - clock.monotonic();
}
