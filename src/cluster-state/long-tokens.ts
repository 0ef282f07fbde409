import type { TokenEvidence } from '../loop/token-evidence.ts';

/** Characters. Servers take headers of 8 KiB: hardly any token is longer than half of that. */
const MAX_FREE_LENGTH = 4_096;
/** How many longer ones may wait at the same time for their signatures to be checked: 16 MiB at most. */
const MAX_UNCHECKED = 256;

/**
 * Bounds the texts of long tokens that wait for their check: at a start all Secrets come before any is checked, and
 * there may be thousands with tokens of 64 KiB. A round that wants a text that was dropped reads the Secret.
 */
export class LongTokens {
  readonly #waiting = new Set<TokenEvidence>();

  /** A token came; of too many the first ones lose their text. */
  note(evidence: TokenEvidence | undefined): void {
    if (typeof evidence?.unchecked !== 'string' || evidence.unchecked.length <= MAX_FREE_LENGTH) return;
    this.#waiting.add(evidence);
    for (const oldest of this.#waiting) {
      if (this.#waiting.size <= MAX_UNCHECKED) return;
      oldest.unchecked = undefined;
      this.#waiting.delete(oldest);
    }
  }
}
