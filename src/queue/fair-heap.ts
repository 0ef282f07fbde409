import { namespaceOfKey } from '../resources/object-key.ts';
import { KeyedHeap } from './keyed-heap.ts';

/** The values that come before all fairness. */
interface Ranked {
  /** The lowest goes first, whosever it is. */
  readonly rank: number;
}

/** Whether an item of this namespace may be the first. */
export type NamespaceTest = (namespace: string) => boolean;

const isAny: NamespaceTest = () => true;

interface Namespace<T> {
  readonly items: KeyedHeap<T>;
  /** Turns that it had lately. */
  turns: number;
}

/** The values by which namespaces share. */
interface Place<T> {
  readonly first: T;
  readonly turns: number;
}

/** As soon as this many turns are remembered for each namespace that has items, half of each one's are forgotten. */
const REMEMBERED_EACH = 2;
/** Fewer turns than these are all remembered. */
const REMEMBERED = 128;
/** A namespace that had this many turns lately is charged for no more that it has elsewhere. */
const MAX_CHARGED_ELSEWHERE = 16;

/**
 * Items by key `namespace/name`, whose namespaces share: of equal rank, the most urgent item of the namespace that had the fewest
 * turns lately is the first. So one with few items gets its turns, however many others have and however urgent they are. An
 * example: `many` has five items, and `few` two that are less urgent. If each that is taken out is charged, their order is
 * many, few, many, few, many, many, many. Namespaces can be passed over, as many as that may be in both orders.
 *
 * Turns can be had elsewhere, too. Those count a little, but make none of the turns here forgotten: an item is taken out of here
 * each ten seconds, say, while there are twenty turns a second elsewhere. Of namespaces without items they do make turns
 * forgotten, as else all that ever came would stay.
 */
export class FairHeap<T extends Ranked> {
  readonly #before: (a: T, b: T) => boolean;
  /** The namespaces that have items, or had turns lately. */
  readonly #namespaces = new Map<string, Namespace<T>>();
  /** The namespaces that have items, by the turns that each had. */
  readonly #fair: KeyedHeap<Place<T>>;
  /** The namespaces that have items, by the most urgent of each. */
  readonly #urgent: KeyedHeap<T>;
  #size = 0;
  /** The turns that all namespaces had here lately. */
  #turns = 0;
  /** The turns that any had elsewhere since half of those of namespaces without items were forgotten. */
  #elsewhere = 0;

  /** `before(a, b)`: whether `a` is more urgent than `b`. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
    this.#urgent = new KeyedHeap(before);
    this.#fair = new KeyedHeap((a, b) => {
      if (a.first.rank !== b.first.rank) return a.first.rank < b.first.rank;
      return a.turns === b.turns ? before(a.first, b.first) : a.turns < b.turns;
    });
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#namespaces.get(namespaceOfKey(key))?.items.get(key);
  }

  /** The first, of the namespaces that pass. */
  firstKey(passes: NamespaceTest = isAny): string | undefined {
    return this.#firstKeyOf(this.#fair.firstKeyThat(passes));
  }

  /** The most urgent, whichever turns its namespace had, of the namespaces that pass. */
  mostUrgentKey(passes: NamespaceTest = isAny): string | undefined {
    return this.#firstKeyOf(this.#urgent.firstKeyThat(passes));
  }

  /** The turns that the namespace of this key had lately. */
  turnsOf(key: string): number {
    return this.#namespaces.get(namespaceOfKey(key))?.turns ?? 0;
  }

  /** Puts the item in, or replaces the one of this key. */
  set(key: string, item: T): void {
    const name = namespaceOfKey(key);
    const namespace = this.#enter(name);
    if (!namespace.items.has(key)) this.#size += 1;
    namespace.items.set(key, item);
    this.#place(name, namespace);
  }

  /** Its namespace is not charged for that. */
  delete(key: string): void {
    const name = namespaceOfKey(key);
    const namespace = this.#namespaces.get(name);
    if (namespace?.items.delete(key) !== true) return;
    this.#size -= 1;
    this.#place(name, namespace);
  }

  /** The namespace has had a turn here. */
  charge(name: string): void {
    const namespace = this.#enter(name);
    namespace.turns += 1;
    this.#place(name, namespace);
    this.#turns += 1;
    if (this.#turns < this.#remembered) return;
    this.#turns = Math.floor(this.#remembered / 2);
    this.#forgetHalf(() => true);
  }

  /** The namespace has had a turn elsewhere. */
  chargeElsewhere(name: string): void {
    const namespace = this.#enter(name);
    if (namespace.turns < MAX_CHARGED_ELSEWHERE) namespace.turns += 1;
    this.#place(name, namespace);
    this.#elsewhere += 1;
    if (this.#elsewhere < this.#remembered) return;
    this.#elsewhere = 0;
    this.#forgetHalf(({ items }) => items.size === 0);
  }

  get #remembered(): number {
    return Math.max(REMEMBERED, REMEMBERED_EACH * this.#fair.size);
  }

  #firstKeyOf(name: string | undefined): string | undefined {
    return name === undefined ? undefined : this.#namespaces.get(name)?.items.firstKey();
  }

  #enter(name: string): Namespace<T> {
    const known = this.#namespaces.get(name);
    if (known !== undefined) return known;
    const namespace: Namespace<T> = { items: new KeyedHeap(this.#before), turns: 0 };
    this.#namespaces.set(name, namespace);
    return namespace;
  }

  /** Puts the namespace where it belongs after a change; one without items is in no order, and without turns it is forgotten. */
  #place(name: string, { items, turns }: Namespace<T>): void {
    const first = items.first();
    if (first !== undefined) {
      this.#fair.set(name, { first, turns });
      this.#urgent.set(name, first);
    } else {
      this.#fair.delete(name);
      this.#urgent.delete(name);
      if (turns === 0) this.#namespaces.delete(name);
    }
  }

  /** One that was served for hours is in debt to nobody who comes then, and those that are gone leave nothing. */
  #forgetHalf(isOf: (namespace: Namespace<T>) => boolean): void {
    for (const [name, namespace] of this.#namespaces) {
      if (!isOf(namespace)) continue;
      namespace.turns = Math.floor(namespace.turns / 2);
      this.#place(name, namespace);
    }
  }
}
