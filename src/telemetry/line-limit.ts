import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';

const LINE_EVERY_MS = 60_000;

/** More than there are verbs and reasons of failures: those that a server makes up must not fill the memory. */
const MAX_COUNTED_CAUSES = 100;

interface CountedCause {
  loggedAt: Milliseconds;
  unlogged: number;
}

/** When to log what may happen fifty times a second: for each cause one line a minute, with how often it happened since. */
export class LineLimit {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The causes by name. The one whose line is oldest is first. */
  readonly #causes = new Map<string, CountedCause>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /**
   * Counts that it happened, so many times: 0 asks about earlier ones. Gives the count for a line that is to be logged now,
   * `undefined` when it is too early for one, or nothing happened since the line before.
   */
  count(times: number, name = ''): number | undefined {
    const cause = this.#causes.get(name) ?? this.#add(name);
    cause.unlogged += times;
    const isDue = this.#clock.monotonic() - cause.loggedAt >= LINE_EVERY_MS;
    return isDue ? this.flush(name) : undefined;
  }

  /** The count for a last line, however early; `undefined` if nothing happened since the line before. */
  flush(name = ''): number | undefined {
    const cause = this.#causes.get(name);
    if (cause === undefined || cause.unlogged === 0) return undefined;
    const { unlogged } = cause;
    this.#causes.delete(name);
    this.#causes.set(name, { loggedAt: this.#clock.monotonic(), unlogged: 0 });
    return unlogged;
  }

  #add(name: string): CountedCause {
    const [oldest] = this.#causes.keys();
    if (this.#causes.size >= MAX_COUNTED_CAUSES && oldest !== undefined) this.#causes.delete(oldest);
    const cause = { loggedAt: Number.NEGATIVE_INFINITY, unlogged: 0 };
    this.#causes.set(name, cause);
    return cause;
  }
}
