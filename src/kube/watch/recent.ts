/**
 * Remembers what was put in lately, in two generations: when the newer one is full it becomes the older one, and what
 * was in the older one and not asked for meanwhile is forgotten. So what is asked for often stays, at a bounded size.
 */
export class Recent<T> {
  readonly #size: number;
  #newer = new Map<string, T>();
  #older = new Map<string, T>();

  /** `size`: entries of one generation. */
  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** The value that is remembered by this name; if there is no such value, `value` from now on. */
  intern(name: string, value: T): T {
    const known = this.#newer.get(name);
    if (known !== undefined) return known;
    const found = this.#older.get(name) ?? value;
    if (this.#newer.size === this.#size) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(name, found);
    return found;
  }
}
