import type { Milliseconds } from '../../time/units.ts';

const MAX_PAGE_SIZE = 500; // client-go's reflector
/**
 * A page that takes longer from its first byte on is followed by a smaller one. kube-apiserver ends a request after a minute,
 * however far it came (`--request-timeout`), and a page holds 500 objects whatever each of them costs.
 */
const SLOW_PAGE_MS = 5_000;

/** How many objects to ask for at once: fewer when they are slow to come, or to read. */
export class PageSize {
  #limit = MAX_PAGE_SIZE;

  get limit(): number {
    return this.#limit;
  }

  /** Adapts the size after a page that came whole, in this time from its first byte on. */
  noteTime(time: Milliseconds): void {
    const factor = time > SLOW_PAGE_MS ? SLOW_PAGE_MS / time : time < SLOW_PAGE_MS / 2 ? 2 : 1;
    this.#limit = Math.min(MAX_PAGE_SIZE, Math.max(1, Math.floor(this.#limit * factor)));
  }

  /** Asks for an eighth after a page that ended too early, or never began; false when a smaller one cannot be asked for. */
  shrink(): boolean {
    return this.#shrinkTo(Math.ceil(this.#limit / 8));
  }

  /** As `shrink`, for a single object: where that is not the remedy, nothing else is tried. */
  shrinkMost(): boolean {
    return this.#shrinkTo(1);
  }

  #shrinkTo(limit: number): boolean {
    const isLess = limit < this.#limit;
    this.#limit = limit;
    return isLess;
  }
}
