import { namespaceOfKey } from '../resources/object-key.ts';
import { KeyedHeap } from './keyed-heap.ts';

/** The order of items of the same urgency. */
interface Ranked {
  /** The lowest goes first, whosever it is. */
  readonly rank: number;
}

interface Namespace<T> {
  readonly heap: KeyedHeap<T>;
  /** Items taken out lately. */
  turns: number;
}

interface Place<T> {
  readonly first: T;
  readonly turns: number;
}

/** When all together have had this many times `turnsApart` turns, half of the turns are forgotten. */
const REMEMBERED = 32;
/** With fewer times `turnsApart`, none is forgotten: where turns are rare, no namespace would ever be seen to have had more. */
const ALWAYS_REMEMBERED = 2;

/**
 * As `KeyedHeap`, for keys `namespace/name`, but that namespaces share: of equal rank, the item of a namespace that had many
 * turns lately waits for those of namespaces that had few. So a namespace with hundreds of items that are always more urgent,
 * since they are always late, delays those of nobody else.
 */
export class FairHeap<T extends Ranked> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #turnsApart: number;
  readonly #namespaces = new Map<string, Namespace<T>>();
  /** Namespaces with items. */
  readonly #order: KeyedHeap<Place<T>>;
  #size = 0;
  #turns = 0;

  /**
   * `before(a, b)`: whether `a` is more urgent than `b`; within a namespace that alone counts. `turnsApart`: a namespace that
   * had this many turns more than another goes after it; below that, the most urgent item of all goes first.
   */
  constructor(before: (a: T, b: T) => boolean, turnsApart: number) {
    this.#before = before;
    this.#turnsApart = turnsApart;
    this.#order = new KeyedHeap((a, b) => {
      if (a.first.rank !== b.first.rank) return a.first.rank < b.first.rank;
      const [turnsA, turnsB] = [Math.floor(a.turns / turnsApart), Math.floor(b.turns / turnsApart)];
      return turnsA === turnsB ? before(a.first, b.first) : turnsA < turnsB;
    });
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#namespaces.get(namespaceOfKey(key))?.heap.get(key);
  }

  first(): T | undefined {
    return this.#order.first()?.first;
  }

  firstKey(): string | undefined {
    const name = this.#order.firstKey();
    return name === undefined ? undefined : this.#namespaces.get(name)?.heap.firstKey();
  }

  /** Puts the item in, or replaces the one of this key. */
  set(key: string, item: T): void {
    const name = namespaceOfKey(key);
    const namespace = this.#namespaces.get(name) ?? { heap: new KeyedHeap(this.#before), turns: 0 };
    this.#namespaces.set(name, namespace);
    this.#size -= namespace.heap.size;
    namespace.heap.set(key, item);
    this.#size += namespace.heap.size;
    this.#place(name, namespace);
  }

  delete(key: string): void {
    const name = namespaceOfKey(key);
    const namespace = this.#namespaces.get(name);
    if (namespace?.heap.delete(key) !== true) return;
    this.#size -= 1;
    this.#place(name, namespace);
  }

  /** Takes the first item out. */
  pop(): { readonly key: string; readonly item: T } | undefined {
    const name = this.#order.firstKey();
    const namespace = name === undefined ? undefined : this.#namespaces.get(name);
    const next = namespace?.heap.pop();
    if (name === undefined || namespace === undefined || next === undefined) return undefined;
    this.#size -= 1;
    namespace.turns += 1;
    this.#turns += 1;
    this.#place(name, namespace);
    if (this.#turns >= REMEMBERED * this.#turnsApart) this.forgetHalf();
    return next;
  }

  #place(name: string, { heap, turns }: Namespace<T>): void {
    const first = heap.first();
    if (first !== undefined) this.#order.set(name, { first, turns });
    else {
      this.#order.delete(name);
      if (turns === 0) this.#namespaces.delete(name);
    }
  }

  /** Forgets half of the turns that each namespace had, unless all are few. */
  forgetHalf(): void {
    if (this.#turns < ALWAYS_REMEMBERED * this.#turnsApart) return;
    this.#turns = 0;
    for (const [name, namespace] of this.#namespaces) {
      namespace.turns = Math.floor(namespace.turns / 2);
      this.#turns += namespace.turns;
      this.#place(name, namespace);
    }
  }
}
