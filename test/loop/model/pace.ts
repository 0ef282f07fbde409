/** Looks that one round may cost: to recall, to observe, after the key was read, after the token was read. */
const LOOKS_PER_ROUND = 4;
/**
 * Rounds in a minute without news from others: back-offs of 1, 2, 4 … s, begun again where a write shows up whose answer
 * was lost, and where a clock that steps ahead makes a new term; renewals 30 s apart; changes of the status with time. One
 * each second would be more than twice as many.
 */
const FREE_ROUNDS = 25;
const MINUTE_MS = 60_000;
/** The longest time between two rounds of a JWT; the event of a new one may need half a minute. */
export const MAX_REST_MS = 600_000 + 30_000;

/**
 * How often a JWT gets a round: never in a hot loop, since rounds follow events, failures that back off, and planned
 * times; and again within ten minutes, whatever happened.
 */
export class Pace {
  readonly violations: string[] = [];
  readonly #monotonic: () => number;
  readonly #looks = new Map<string, number[]>();
  /** The time since which a leader may do rounds, and the time since which each JWT exists. */
  #since = 0;
  readonly #born = new Map<string, number>();
  #news: number[] = [];

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Others wrote `count` objects, and a replica received their events. */
  news(count: number): void {
    for (let each = 0; each < count; each += 1) this.#news.push(this.#monotonic());
  }

  /** The JWT was made. */
  born(key: string): void {
    this.#born.set(key, this.#monotonic());
  }

  /** Nobody could look before: a term begins, a process goes on, the API server is back. */
  begin(): void {
    this.#since = this.#monotonic();
  }

  look(key: string): void {
    this.checkRest([key]);
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

  /** To be asked of JWTs that exist, while somebody leads, runs, and sees what happens. */
  checkRest(keys: Iterable<string>): void {
    for (const key of keys) {
      const last = Math.max(this.#since, this.#born.get(key) ?? 0, this.#looks.get(key)?.at(-1) ?? 0);
      const rest = this.#monotonic() - last;
      if (rest > MAX_REST_MS) this.violations.push(`nobody has looked at ${key} for ${rest / 1000} s`);
    }
  }
}
