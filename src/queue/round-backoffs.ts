import { backoffDelay, MANY_TRIES } from '../time/backoff.ts';
import type { Milliseconds } from '../time/units.ts';

/** The back-off of a round, given before it begins: how long the key waits if it fails, and what that failure counts as. */
export interface ScheduledBackoff {
  readonly delay: Milliseconds;
  readonly failures: number;
}

/** A back-off takes no more than this share of the time until the token expires: more tries fit in before that. */
const SHARE_UNTIL_EXPIRY = 0.5;

/**
 * How long each key waits after a failure: the longer, the more of its rounds failed in a row (client-go's rate limiter
 * of a work queue).
 */
export class RoundBackoffs {
  readonly #random: () => number;
  /** The failures in a row that count, by key. */
  readonly #failures = new Map<string, number>();

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether the last round of the key failed. */
  has(key: string): boolean {
    return this.#failures.has(key);
  }

  /**
   * For a round that is about to begin. `untilExpiry`: time until the token expires, which shortens the wait. Such a wait does
   * not count: after the expiry the waits go on as if there had been none.
   */
  schedule(key: string, untilExpiry: Milliseconds): ScheduledBackoff {
    const failures = this.#failures.get(key) ?? 0;
    const usual = backoffDelay(MANY_TRIES, failures + 1, this.#random);
    const delay =
      untilExpiry > 0 ? Math.min(usual, Math.max(untilExpiry * SHARE_UNTIL_EXPIRY, MANY_TRIES.first)) : usual;
    return { delay, failures: delay < usual ? failures : failures + 1 };
  }

  /** The round failed. */
  fail(key: string, { failures }: ScheduledBackoff): void {
    this.#failures.set(key, failures);
  }

  /** Forgets the failures of the key; returns false if it had none. */
  forget(key: string): boolean {
    return this.#failures.delete(key);
  }
}
