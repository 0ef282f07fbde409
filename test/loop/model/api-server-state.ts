import { SLOWEST_MS, type ApiHealth } from './link.ts';

/** More than the calls of two rounds of a slow API server. */
export const SLOW_MS = 10 * SLOWEST_MS;
export const MAX_BACKOFF_MS = 300_000;

/** How the API server answers, and what that led to. */
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

  /** Calls may take seconds, or those under way may have. */
  get isSlow(): boolean {
    return isSlow(this.#health) || this.#monotonic() < this.#slowUntil;
  }

  /** Changes it; gives how long those back off at most that failed before. `answerMs`: what an answer takes then. */
  change(health: ApiHealth, answerMs: () => number): number {
    const now = this.#monotonic();
    if (this.isServing && now > this.#recoveredBy) this.#outageSince = now;
    if (isSlow(this.#health)) this.#slowUntil = now + SLOW_MS;
    const wasServing = this.isServing;
    this.#health = health;
    // It doubles from one second on, once more where news made a round follow a failed one at once.
    const backoff = wasServing ? 0 : Math.min(2.5 * (now - this.#outageSince + 2_000), MAX_BACKOFF_MS);
    if (this.isServing && !wasServing) this.#recoveredBy = now + backoff + answerMs();
    return backoff;
  }
}

function isSlow(health: ApiHealth): boolean {
  return health === 'slow' || health === 'lossy';
}
