import type { TokenEvidence } from '../loop/token-evidence.ts';

/** Characters. Most tokens have 600 to 900, and their JWT takes more than twice that anyway. */
const MAX_FREE_LENGTH = 1_024;
/** Characters of all longer ones that may wait at the same time for their signatures to be checked. */
const MAX_UNCHECKED_LENGTH = 16 * 1024 * 1024;

/**
 * Bounds the texts of long tokens that wait for their check: at a start all Secrets come before any is checked, and
 * there may be tens of thousands, with tokens of up to 64 KiB. A round that wants a text that was dropped reads the Secret.
 *
 * It keeps none of them in memory: a token that was read in vain, or whose Secret has changed or is gone, is checked by nobody,
 * so its text must leave with the last one who wanted it.
 */
export class LongTokens {
  /** The length of each text when it came, the oldest first; some are checked or gone by now. */
  readonly #waiting = new Map<WeakRef<TokenEvidence>, number>();
  #length = 0;

  /** A token came; of too many the first ones lose their text. */
  note(evidence: TokenEvidence | undefined): void {
    if (typeof evidence?.unchecked !== 'string' || evidence.unchecked.length <= MAX_FREE_LENGTH) return;
    this.#waiting.set(new WeakRef(evidence), evidence.unchecked.length);
    this.#length += evidence.unchecked.length;
    for (const [oldest, length] of this.#waiting) {
      const waiting = oldest.deref();
      const hasText = waiting?.unchecked !== undefined;
      if (hasText && this.#length <= MAX_UNCHECKED_LENGTH) return;
      if (hasText) waiting.unchecked = undefined;
      this.#waiting.delete(oldest);
      this.#length -= length;
    }
  }
}
