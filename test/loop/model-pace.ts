/** Looks that one round may cost: to recall, to observe, after the key was read, after the token was read. */
const LOOKS_PER_ROUND = 4;
/**
 * Rounds in a minute without news from others: back-offs of 1, 2, 4 … s, begun anew where a write shows up whose answer
 * was lost; renewals 30 s apart; changes of the status with time. One each second would be three times as many.
 */
const FREE_ROUNDS = 20;
const MINUTE_MS = 60_000;

/** Never a hot loop: rounds come of news, of failures that back off, and of times that were planned. */
export class Pace {
  readonly violations: string[] = [];
  readonly #monotonic: () => number;
  readonly #looks = new Map<string, number[]>();
  #news: number[] = [];

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** So many objects that others wrote came to somebody's ears. */
  news(count: number): void {
    for (let each = 0; each < count; each += 1) this.#news.push(this.#monotonic());
  }

  look(key: string): void {
    const now = this.#monotonic();
    const isRecent = (at: number): boolean => at > now - MINUTE_MS;
    const looks = (this.#looks.get(key) ?? []).filter(isRecent);
    looks.push(now);
    this.#looks.set(key, looks);
    if (looks.length <= LOOKS_PER_ROUND * FREE_ROUNDS) return;
    this.#news = this.#news.filter(isRecent);
    if (looks.length > LOOKS_PER_ROUND * (FREE_ROUNDS + this.#news.length))
      this.violations.push(`${looks.length} looks at ${key} within a minute, ${this.#news.length} news`);
  }
}
