/**
 * Items by key, the first in order at hand: `set`, `delete` and `pop` cost O(log n), the others O(1).
 * The order of an item must not change while it is inside: `set` it again instead.
 */
export class KeyedHeap<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #entries: { readonly key: string; readonly item: T }[] = [];
  readonly #positions = new Map<string, number>();

  /** `before(a, b)`: whether `a` must come out earlier than `b`. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#entries.length;
  }

  has(key: string): boolean {
    return this.#positions.has(key);
  }

  get(key: string): T | undefined {
    const position = this.#positions.get(key);
    return position === undefined ? undefined : this.#entries[position]?.item;
  }

  first(): T | undefined {
    return this.#entries[0]?.item;
  }

  firstKey(): string | undefined {
    return this.#entries[0]?.key;
  }

  /** Puts the item in, or replaces the one of this key. */
  set(key: string, item: T): void {
    const position = this.#positions.get(key) ?? this.#entries.length;
    this.#place(position, { key, item });
    this.#sift(position);
  }

  delete(key: string): boolean {
    const position = this.#positions.get(key);
    if (position === undefined) return false;
    this.#positions.delete(key);
    const last = this.#entries.pop();
    if (last !== undefined && last.key !== key) {
      this.#place(position, last);
      this.#sift(position);
    }
    return true;
  }

  /** Takes the first item out. */
  pop(): { readonly key: string; readonly item: T } | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.delete(first.key);
    return first;
  }

  #place(position: number, entry: { readonly key: string; readonly item: T }): void {
    this.#entries[position] = entry;
    this.#positions.set(entry.key, position);
  }

  #sift(start: number): void {
    let position = start;
    while (position > 0 && this.#isBefore(position, (position - 1) >> 1)) {
      this.#swap(position, (position - 1) >> 1);
      position = (position - 1) >> 1;
    }
    for (;;) {
      let least = position;
      if (this.#isBefore(2 * position + 1, least)) least = 2 * position + 1;
      if (this.#isBefore(2 * position + 2, least)) least = 2 * position + 2;
      if (least === position) return;
      this.#swap(position, least);
      position = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const left = this.#entries[a];
    const right = this.#entries[b];
    return left !== undefined && right !== undefined && this.#before(left.item, right.item);
  }

  #swap(a: number, b: number): void {
    const left = this.#entries[a];
    const right = this.#entries[b];
    if (left === undefined || right === undefined) return;
    this.#place(a, right);
    this.#place(b, left);
  }
}
