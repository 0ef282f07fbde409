/** Looks that a JWT may cost in a minute by itself: back-offs (1, 2, 4 … s), renewals (30 s apart), changes of its status; each takes up to three. */
const FREE_LOOKS = 30;
/** Looks per piece of news: a round, with reads. */
const LOOKS_PER_NEWS = 3;
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

  news(): void {
    this.#news.push(this.#monotonic());
  }

  look(key: string): void {
    const now = this.#monotonic();
    const isRecent = (at: number): boolean => at > now - MINUTE_MS;
    const looks = (this.#looks.get(key) ?? []).filter(isRecent);
    looks.push(now);
    this.#looks.set(key, looks);
    if (looks.length <= FREE_LOOKS) return;
    this.#news = this.#news.filter(isRecent);
    if (looks.length > FREE_LOOKS + LOOKS_PER_NEWS * this.#news.length)
      this.violations.push(`${looks.length} looks at ${key} within a minute, ${this.#news.length} news`);
  }
}
