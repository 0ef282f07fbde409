import { SLOWEST_MS, type ApiHealth } from './link.ts';

/** Longer than the calls of two rounds with a slow API server. */
export const SLOW_MS = 10 * SLOWEST_MS;
export const MAX_BACKOFF_MS = 300_000;

/** How the API server answers at present, and the effects of earlier states. */
export class ApiServerState {
  readonly #monotonic: () => number;
  #health: ApiHealth = 'healthy';
  #outageSince = 0;
  #recoveredBy = 0;
  #slowUntil = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  get health(): ApiHealth {
    return this.#health;
  }

  get isServing(): boolean {
    return this.#health === 'healthy' || this.#health === 'slow';
  }

  /** Whether calls take seconds, or calls that are still running can have taken seconds. */
  get isSlow(): boolean {
    return isSlow(this.#health) || this.#monotonic() < this.#slowUntil;
  }

  /**
   * Changes the state. Gives the longest back-off of JWTs that failed before. `answerMs` gives the time of an
   * answer then.
   */
  change(health: ApiHealth, answerMs: () => number): number {
    const now = this.#monotonic();
    if (this.isServing && now > this.#recoveredBy) this.#outageSince = now;
    if (isSlow(this.#health)) this.#slowUntil = now + SLOW_MS;
    const wasServing = this.isServing;
    this.#health = health;
    // It doubles from one second on, and once more if news started a round right after a failed one.
    const backoff = wasServing ? 0 : Math.min(2.5 * (now - this.#outageSince + 2_000), MAX_BACKOFF_MS);
    if (this.isServing && !wasServing) this.#recoveredBy = now + backoff + answerMs();
    return backoff;
  }
}

function isSlow(health: ApiHealth): boolean {
  return health === 'slow' || health === 'lossy';
}
