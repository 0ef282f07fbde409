interface Holding<T> {
  readonly items: Map<T, number>;
  weight: number;
}

/**
 * The item with the lowest rank goes first. A spare item makes room for a newcomer of any owner, an idle one for one of the same
 * owner, and a busy one for one of an owner that holds less. A newcomer has its rank for comparison only: nothing held has that
 * one.
 */
export const RANK = { spare: 0, idle: 1, newcomer: 2, busy: 3 } as const;

/** The ranks that an item can have when another one comes. */
export type HeldRank = (typeof RANK)['spare' | 'idle' | 'busy'];

/** The share of each active owner, whatever the others do, as long as what is guaranteed to all that hold it leaves room. */
export interface Guarantee {
  readonly weight: number;
  readonly isActive: (owner: string) => boolean;
}

const NO_GUARANTEE: Guarantee = { weight: 0, isActive: () => false };

/**
 * Something limited that many owners share. When there is not enough for all, the owner that holds the most loses: so an
 * owner that holds no more than its equal share never loses anything, whatever the others do. With so many owners that
 * nobody holds more than a newcomer's owner will, all of these lose what is spare, or else nobody new would get anything.
 *
 * A crowd of owners with one item each makes equal shares small. So an active owner may be guaranteed more: up to that, an
 * inactive owner loses in its place.
 */
export class FairShare<T> {
  readonly #capacity: number;
  readonly #rankOf: (item: T) => HeldRank;
  readonly #guarantee: Guarantee;
  readonly #held = new Map<string, Holding<T>>();
  /** Oldest first. */
  readonly #ownerOf = new Map<T, string>();
  #used = 0;

  /** The oldest of items of equal rank goes first. */
  constructor(capacity: number, rankOf: (item: T) => HeldRank, guarantee: Guarantee = NO_GUARANTEE) {
    this.#capacity = capacity;
    this.#rankOf = rankOf;
    this.#guarantee = guarantee;
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

  #chooseLoser(newOwner: string, newcomer: T): T {
    const loser = this.#lowestOfMost(newOwner, newcomer);
    return this.#isGuaranteed(loser) ? (this.#oldestOfInactive() ?? loser) : loser;
  }

  #isGuaranteed(item: T): boolean {
    const { weight: guaranteed, isActive } = this.#guarantee;
    const owner = this.#ownerOf.get(item) ?? '';
    if (this.#weightOf(owner) > guaranteed || !isActive(owner)) return false;
    // The sum that they hold counts, not how many they are: those with one item each must not make it less.
    let held = 0;
    for (const [each, { weight }] of this.#held) if (isActive(each)) held += Math.min(weight, guaranteed);
    return held < this.#capacity; // else nobody new would get anything
  }

  /** The oldest item of the inactive owner that holds the most. */
  #oldestOfInactive(): T | undefined {
    let oldest: T | undefined;
    let most = 0;
    for (const [owner, { items, weight }] of this.#held) {
      if (weight <= most || this.#guarantee.isActive(owner)) continue;
      most = weight;
      [oldest] = items.keys();
    }
    return oldest;
  }

  #lowestOfMost(newOwner: string, newcomer: T): T {
    let most = 0;
    for (const { weight } of this.#held.values()) if (weight > most) most = weight;
    const isNewOwnerLess = this.#weightOf(newOwner) < most;
    let loser = newcomer;
    let lowest = Number.POSITIVE_INFINITY;
    for (const [item, owner] of this.#ownerOf) {
      if (this.#weightOf(owner) < most) continue;
      const rank = item === newcomer ? RANK.newcomer : this.#rankOf(item);
      if (rank >= lowest) continue;
      if (rank !== RANK.spare && owner !== newOwner && !isNewOwnerLess) continue;
      lowest = rank;
      loser = item;
      if (rank === RANK.spare) break;
    }
    return loser;
  }

  #weightOf(owner: string): number {
    return this.#held.get(owner)?.weight ?? 0;
  }
}
