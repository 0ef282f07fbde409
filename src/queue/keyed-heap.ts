interface Placed<T> {
  readonly key: string;
  item: T;
  /** Its index. */
  position: number;
}

/**
 * Items by key, the first in order at hand: `set`, `delete` and `pop` cost O(log n), the others O(1).
 * The order of an item must not change while it is inside: `set` it again instead.
 */
export class KeyedHeap<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #entries: Placed<T>[] = [];
  readonly #byKey = new Map<string, Placed<T>>();

  /** `before(a, b)`: whether `a` must come out earlier than `b`. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#entries.length;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  get(key: string): T | undefined {
    return this.#byKey.get(key)?.item;
  }

  first(): T | undefined {
    return this.#entries[0]?.item;
  }

  firstKey(): string | undefined {
    return this.#entries[0]?.key;
  }

  /** The first key that passes; each one that does not costs a step or two. */
  firstKeyThat(passes: (key: string) => boolean): string | undefined {
    return this.#firstThat(passes, 0)?.key;
  }

  /** Puts the item in, or replaces the one of this key. */
  set(key: string, item: T): void {
    let entry = this.#byKey.get(key);
    if (entry === undefined) {
      entry = { key, item, position: this.#entries.length };
      this.#byKey.set(key, entry);
    } else {
      entry.item = item;
    }
    this.#sift(entry);
  }

  delete(key: string): boolean {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return false;
    this.#byKey.delete(key);
    const last = this.#entries.pop();
    if (last !== undefined && last !== entry) {
      last.position = entry.position;
      this.#sift(last);
    }
    return true;
  }

  /** Takes the first item out. */
  pop(): { readonly key: string; readonly item: T } | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.delete(first.key);
    return first;
  }

  /** The first that passes, of the entry at that position and those below. */
  #firstThat(passes: (key: string) => boolean, position: number): Placed<T> | undefined {
    const entry = this.#entries[position];
    if (entry === undefined || passes(entry.key)) return entry;
    const left = this.#firstThat(passes, 2 * position + 1);
    const right = this.#firstThat(passes, 2 * position + 2);
    return this.#sooner(left, right);
  }

  /** Puts the entry where it belongs, from the position that it says on: others move there meanwhile. */
  #sift(entry: Placed<T>): void {
    let { position } = entry;
    while (position > 0) {
      const parent = this.#entries[(position - 1) >> 1];
      if (parent === undefined || !this.#before(entry.item, parent.item)) break;
      position = this.#move(parent, position);
    }
    for (;;) {
      const child = this.#firstChild(position);
      if (child === undefined || !this.#before(child.item, entry.item)) break;
      position = this.#move(child, position);
    }
    this.#move(entry, position);
  }

  /** Returns where it was before. */
  #move(entry: Placed<T>, position: number): number {
    const before = entry.position;
    this.#entries[position] = entry;
    entry.position = position;
    return before;
  }

  /** The one of the two entries below that position that comes out earlier. */
  #firstChild(position: number): Placed<T> | undefined {
    return this.#sooner(this.#entries[2 * position + 1], this.#entries[2 * position + 2]);
  }

  #sooner(a: Placed<T> | undefined, b: Placed<T> | undefined): Placed<T> | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    return this.#before(b.item, a.item) ? b : a;
  }
}
