interface Holding<T> {
  /** Oldest first. */
  readonly items: Map<T, number>;
  weight: number;
}

/** A newcomer's own rank: it goes before those that are at work, and after those that are not. */
const NEWCOMER_RANK = 2;

/**
 * Something limited that many owners share. When there is not enough for all, the owner that holds the most loses: so an
 * owner that holds no more than its equal share never loses anything, whatever the others do.
 */
export class FairShare<T> {
  readonly #capacity: number;
  readonly #rankOf: (item: T) => number;
  readonly #held = new Map<string, Holding<T>>();
  readonly #ownerOf = new Map<T, string>();
  #used = 0;

  /**
   * `rankOf` says which of its items an owner loses first: the lowest rank, and of equal ones the oldest. 0 and 1 go
   * before a newcomer, 3 only when the newcomer belongs to somebody else.
   */
  constructor(capacity: number, rankOf: (item: T) => number) {
    this.#capacity = capacity;
    this.#rankOf = rankOf;
  }

  /** Takes `weight` for the owner. Gives the items that have to go for it, which can be the new one itself. */
  take(owner: string, item: T, weight: number): readonly T[] {
    const held = this.#held.get(owner) ?? { items: new Map(), weight: 0 };
    this.#held.set(owner, held);
    held.items.set(item, weight);
    held.weight += weight;
    this.#used += weight;
    this.#ownerOf.set(item, owner);
    const losers: T[] = [];
    while (this.#used > this.#capacity) {
      const loser = this.#chooseLoser(owner, item);
      this.give(loser);
      losers.push(loser);
    }
    return losers;
  }

  /** Gives back what the item took. Harmless when it has been given back before. */
  give(item: T): void {
    const owner = this.#ownerOf.get(item);
    const held = owner === undefined ? undefined : this.#held.get(owner);
    if (owner === undefined || held === undefined) return;
    const weight = held.items.get(item) ?? 0;
    held.items.delete(item);
    held.weight -= weight;
    this.#used -= weight;
    this.#ownerOf.delete(item);
    if (held.items.size === 0) this.#held.delete(owner);
  }

  /** Of owners that hold equally much the newcomer's loses. */
  #chooseLoser(newOwner: string, newcomer: T): T {
    let most = this.#held.get(newOwner);
    for (const held of this.#held.values()) if (held.weight > (most?.weight ?? 0)) most = held;
    let loser = newcomer;
    let lowest = Number.POSITIVE_INFINITY;
    for (const item of most?.items.keys() ?? []) {
      const rank = item === newcomer ? NEWCOMER_RANK : this.#rankOf(item);
      if (rank >= lowest) continue;
      lowest = rank;
      loser = item;
      if (rank === 0) break;
    }
    return loser;
  }
}
