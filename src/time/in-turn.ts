/** How many items may wait. */
interface WaitingRoom {
  readonly most: number;
  /** The most items of one owner, so that others have room. */
  readonly mostOfOwner: number;
}

/** Items that wait, each once by its key, their owners in turn. */
export class InTurn<T> {
  readonly #room: WaitingRoom;
  /** The items by owner, the one whose turn it is first; then by key, the oldest first. */
  readonly #waiting = new Map<string, Map<string, T>>();
  #size = 0;

  constructor(room: WaitingRoom) {
    this.#room = room;
  }

  get size(): number {
    return this.#size;
  }

  get(owner: string, key: string): T | undefined {
    return this.#waiting.get(owner)?.get(key);
  }

  /** The items of an owner, oldest first. */
  of(owner: string): Iterable<T> {
    return this.#waiting.get(owner)?.values() ?? [];
  }

  /** False if there is no room. An item that waits already stays as it was. */
  add(owner: string, key: string, item: T): boolean {
    const items = this.#waiting.get(owner) ?? new Map<string, T>();
    if (items.has(key)) return true;
    if (this.#size >= this.#room.most || items.size >= this.#room.mostOfOwner) return false;
    items.set(key, item);
    this.#waiting.set(owner, items);
    this.#size += 1;
    return true;
  }

  /** Harmless if it does not wait. */
  delete(owner: string, key: string): void {
    const items = this.#waiting.get(owner);
    if (items?.delete(key) !== true) return;
    this.#size -= 1;
    if (items.size === 0) this.#waiting.delete(owner);
  }

  /** Takes out the first item of the owner whose turn it is, among those that `isAllowed`. */
  take(isAllowed: (owner: string) => boolean = () => true): T | undefined {
    for (const [owner, items] of this.#waiting) {
      if (!isAllowed(owner)) continue;
      for (const [key, item] of items) {
        this.delete(owner, key);
        if (items.size > 0) {
          this.#waiting.delete(owner);
          this.#waiting.set(owner, items);
        }
        return item;
      }
    }
    return undefined;
  }
}
