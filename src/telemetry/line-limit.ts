import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';

const LINE_EVERY_MS = 60_000;

/** When to log what may happen fifty times a second: one line a minute, with how often it happened since the one before. */
export class LineLimit {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #loggedAt: Milliseconds = Number.NEGATIVE_INFINITY;
  #cause: string | undefined;
  #unlogged = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /**
   * Counts that it happened, so many times. Gives the count for a line that is to be logged now, `undefined` when it is too
   * early for one; it never is if the cause is another than that of the line before.
   */
  count(times: number, cause?: string): number | undefined {
    this.#unlogged += times;
    const now = this.#clock.monotonic();
    if (cause === this.#cause && now - this.#loggedAt < LINE_EVERY_MS) return undefined;
    const counted = this.#unlogged;
    this.#loggedAt = now;
    this.#cause = cause;
    this.#unlogged = 0;
    return counted;
  }
}
