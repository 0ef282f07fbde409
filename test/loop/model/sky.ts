import { SLOWEST_MS, type Weather } from './link.ts';

/** More than the calls of two rounds of a slow API server. */
export const SLOW_MS = 10 * SLOWEST_MS;
export const LONGEST_BACKOFF_MS = 300_000;

/** How the API server answers, and what that led to. */
export class Sky {
  readonly #monotonic: () => number;
  #weather: Weather = 'fair';
  #outageSince = 0;
  #recoveredBy = 0;
  #roughUntil = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  get weather(): Weather {
    return this.#weather;
  }

  get isServing(): boolean {
    return this.#weather === 'fair' || this.#weather === 'slow';
  }

  /** Calls may take seconds, or those under way may have. */
  get isRough(): boolean {
    return isRough(this.#weather) || this.#monotonic() < this.#roughUntil;
  }

  /** Changes the weather; gives how long those back off at most that failed before. `answerMs`: what an answer takes then. */
  change(weather: Weather, answerMs: () => number): number {
    const now = this.#monotonic();
    if (this.isServing && now > this.#recoveredBy) this.#outageSince = now;
    if (isRough(this.#weather)) this.#roughUntil = now + SLOW_MS;
    const wasServing = this.isServing;
    this.#weather = weather;
    // It doubles from one second on, once more where news made a round follow a failed one at once.
    const backoff = wasServing ? 0 : Math.min(2.5 * (now - this.#outageSince + 2_000), LONGEST_BACKOFF_MS);
    if (this.isServing && !wasServing) this.#recoveredBy = now + backoff + answerMs();
    return backoff;
  }
}

function isRough(weather: Weather): boolean {
  return weather === 'slow' || weather === 'lossy';
}
