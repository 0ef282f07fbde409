import type { Milliseconds } from '../time/units.ts';

/** An owner counts as having had this much more than its equal share, at the most: who comes later goes first for no longer. */
const MAX_LEAD_MS = 100;

/**
 * Measures the time that owners had of something they share, to let the one with the least go first (generalized processor
 * sharing: A. Parekh and R. Gallager, 1993). An owner that comes, or comes back, counts as one that had its equal share so far:
 * nobody can save up time, and a new address does not begin with none.
 */
export class FairTime {
  /** The time of an owner that takes its equal share all the while. */
  #share: Milliseconds = 0;
  /** The time of the owners that have had more. */
  readonly #had = new Map<string, Milliseconds>();

  /** The number of owners that are remembered. */
  get size(): number {
    return this.#had.size;
  }

  /** The time that the owner has had; to be compared with that of others. */
  of(owner: string): Milliseconds {
    return this.#had.get(owner) ?? this.#share;
  }

  /** Adds time that the owner had while `owners` wanted some, itself included. */
  add(owner: string, time: Milliseconds, owners: number): void {
    const had = this.of(owner) + time;
    this.#share += time / owners;
    this.#had.set(owner, Math.min(had, this.#share + MAX_LEAD_MS));
    for (const [each, other] of this.#had) if (other <= this.#share) this.#had.delete(each);
  }

  /** Forgets all. */
  clear(): void {
    this.#share = 0;
    this.#had.clear();
  }
}
