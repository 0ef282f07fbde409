import type { Milliseconds } from './units.ts';

/** How often something may be done. */
interface Rate {
  /** The rate in the long run. */
  readonly aSecond: number;
  /** The number of times at once after a quiet time. */
  readonly atOnce: number;
}

/**
 * A token bucket, as client-go's flow control has it, without waiting: its owner says what time it is, on a clock that
 * never goes back.
 */
export class RateLimit {
  readonly #rate: Rate;
  #allowed: number;
  #at: Milliseconds = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#allowed = rate.atOnce;
  }

  /** How long nothing is allowed; 0: `take` may be called. */
  waitAt(now: Milliseconds): Milliseconds {
    const { aSecond, atOnce } = this.#rate;
    this.#allowed = Math.min(atOnce, this.#allowed + ((now - this.#at) * aSecond) / 1_000);
    this.#at = now;
    return Math.max(0, ((1 - this.#allowed) * 1_000) / aSecond);
  }

  /** It is done once. */
  take(): void {
    this.#allowed -= 1;
  }
}
