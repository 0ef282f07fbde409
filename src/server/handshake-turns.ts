import type { Milliseconds } from '../time/units.ts';

/** How many handshakes begin in one turn of the event loop: each takes up to a millisecond. */
const HANDSHAKES_AT_ONCE = 8;
/** While connections keep arriving, accepting them goes first, for at most this long. */
const MAX_WAIT_MS = 20;

/**
 * Decides whose TLS handshake begins next. The event loop accepts few connections in each of its turns (`listenMany`), in the
 * order of their arrival, for all clients. So turns are kept short until all are accepted, which takes a tenth of a
 * handshake's time for each, and only then handshakes begin: one for each address, then the next for each. An address that
 * opens thousands waits for itself, and the API server's one connection waits for few of them.
 */
export class HandshakeTurns<T> {
  readonly #begin: (item: T) => void;
  /** The waiting items by owner, in the order of their turns; of each the oldest first. */
  readonly #waiting = new Map<string, Set<T>>();
  #hasArrived = false;
  #waitingSince: Milliseconds | undefined;

  /** `begin` is called once for each item, unless it was dropped before. */
  constructor(begin: (item: T) => void) {
    this.#begin = begin;
  }

  /** One more was accepted. */
  take(owner: string, item: T): void {
    const items = this.#waiting.get(owner);
    if (items === undefined) this.#waiting.set(owner, new Set([item]));
    else items.add(item);
    this.#hasArrived = true;
    if (this.#waitingSince !== undefined) return;
    this.#waitingSince = performance.now();
    setImmediate(() => this.#turn());
  }

  /** It need not begin any more. Harmless when it has begun. */
  drop(owner: string, item: T): void {
    const items = this.#waiting.get(owner);
    items?.delete(item);
    if (items?.size === 0) this.#waiting.delete(owner);
  }

  #turn(): void {
    const now = performance.now();
    if (!this.#hasArrived || now - (this.#waitingSince ?? now) >= MAX_WAIT_MS) {
      for (let begun = 0; begun < HANDSHAKES_AT_ONCE && this.#waiting.size > 0; begun += 1) this.#beginNext();
      this.#waitingSince = now;
    }
    this.#hasArrived = false;
    if (this.#waiting.size === 0) this.#waitingSince = undefined;
    else setImmediate(() => this.#turn());
  }

  /** The first owner's oldest; then that owner is the last. */
  #beginNext(): void {
    for (const [owner, items] of this.#waiting) {
      const [item] = items;
      this.#waiting.delete(owner);
      if (item === undefined) return;
      items.delete(item);
      if (items.size > 0) this.#waiting.set(owner, items);
      this.#begin(item);
      return;
    }
  }
}
