interface Holding<T> {
  /** Oldest first. */
  readonly items: Map<T, number>;
  weight: number;
}

/**
 * Which of its items an owner loses first: the lowest rank. A newcomer takes the place of what is unused or idle, and
 * that of something at work only from another owner.
 */
export const RANK = { unused: 0, idle: 1, newcomer: 2, busy: 3 } as const;

/** What an item can be when another one comes. */
export type HeldRank = (typeof RANK)['unused' | 'idle' | 'busy'];

/**
 * Something limited that many owners share. When there is not enough for all, the owner that holds the most loses: so an
 * owner that holds no more than its equal share never loses anything, whatever the others do.
 */
export class FairShare<T> {
  readonly #capacity: number;
  readonly #rankOf: (item: T) => HeldRank;
  readonly #held = new Map<string, Holding<T>>();
  readonly #ownerOf = new Map<T, string>();
  #used = 0;

  /** Of items of equal rank the oldest goes first. */
  constructor(capacity: number, rankOf: (item: T) => HeldRank) {
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
      const rank = item === newcomer ? RANK.newcomer : this.#rankOf(item);
      if (rank >= lowest) continue;
      lowest = rank;
      loser = item;
      if (rank === RANK.unused) break;
    }
    return loser;
  }
}
