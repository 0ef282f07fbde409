import type { Clock } from './clock.ts';
import { giveWay } from './give-way.ts';

/** How long anything may keep everything else waiting, admission reviews above all. */
const MAX_UNBROKEN_MS = 10;

/**
 * Lets the event loop turn during long work, such as parsing lists. One for all work of a kind in a process: a hundred lists
 * at once would each take their share of every turn.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #startedAt = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  isDue(): boolean {
    return this.#clock.monotonic() - this.#startedAt > MAX_UNBROKEN_MS;
  }

  /** Resolves when others had their turn. */
  async next(): Promise<void> {
    await giveWay();
    this.#startedAt = this.#clock.monotonic();
  }
}
