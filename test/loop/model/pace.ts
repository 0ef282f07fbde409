/**
 * The number of reads that one round can make: to recall, to observe, after the key was read, after the token
 * was read, after each of two writes, and for what comes next.
 */
const LOOKS_PER_ROUND = 7;
/**
 * Rounds in a minute without news from others: back-offs of 1, 2, 4 … s, which begin again if a write shows
 * up whose answer was lost, or if a clock that steps ahead starts a new term; renewals 30 s apart; changes of
 * the status with time. One round each second would be twice as many.
 */
const FREE_ROUNDS = 28;
const MINUTE_MS = 60_000;
/** A running round ends within this time, however late the answers are; only then can the next one begin. */
const ROUND_MS = 40_000;
/** The longest time between two rounds of a JWT. The event of a new JWT can be half a minute late. */
export const MAX_REST_MS = 600_000 + 30_000;

/**
 * Checks how often a JWT gets a round: never in a hot loop, as rounds follow events, back-offs after
 * failures, and planned times; but again within ten minutes, whatever happened, and when its status says so.
 */
export class Pace {
  readonly violations: string[] = [];
  readonly #monotonic: () => number;
  /** The looks of the last minute, by JWT and replica: for seconds, two may take themselves for the leader. */
  readonly #looks = new Map<string, number[]>();
  readonly #lastLook = new Map<string, number>();
  /** The time from which a leader can do rounds, and the time from which each JWT exists. */
  #since = 0;
  readonly #born = new Map<string, number>();
  /** The next try that the status of each JWT announces, until its next round. */
  readonly #announced = new Map<string, { readonly at: number; readonly since: number }>();
  #clockSteppedAt = Number.NEGATIVE_INFINITY;
  #news: number[] = [];

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Other clients wrote `count` objects, and a replica received their events. */
  news(count: number): void {
    for (let each = 0; each < count; each += 1) this.#news.push(this.#monotonic());
  }

  /** The JWT was created. */
  born(key: string): void {
    this.#born.set(key, this.#monotonic());
  }

  /** Before, no round was possible: a term begins, a process continues, the API server answers again. */
  begin(): void {
    this.#since = this.#monotonic();
  }

  /** A status was written. `nextAttemptInMs`: after which time it says that the JWT is tried again; NaN: it says nothing. */
  announced(key: string, nextAttemptInMs: number): void {
    const now = this.#monotonic();
    this.#announced.delete(key);
    const hasClockStepped = now - this.#clockSteppedAt < ROUND_MS;
    if (Number.isNaN(nextAttemptInMs) || hasClockStepped) return;
    this.#announced.set(key, { at: now + nextAttemptInMs, since: now });
    if (nextAttemptInMs < -ROUND_MS || nextAttemptInMs > MAX_REST_MS)
      this.violations.push(`a status of ${key} announces a try in ${nextAttemptInMs} ms`);
  }

  /** Back-offs count the time that passes, statuses say what the wall clock will show. */
  clockStepped(): void {
    this.#announced.clear();
    this.#clockSteppedAt = this.#monotonic();
  }

  look(key: string, replica: number): void {
    this.checkRest([key]);
    this.#announced.delete(key);
    const now = this.#monotonic();
    const isRecent = (at: number): boolean => at > now - MINUTE_MS;
    this.#lastLook.set(key, now);
    const looks = (this.#looks.get(`${key} ${replica}`) ?? []).filter(isRecent);
    looks.push(now);
    this.#looks.set(`${key} ${replica}`, looks);
    if (looks.length <= LOOKS_PER_ROUND * FREE_ROUNDS) return;
    this.#news = this.#news.filter(isRecent);
    if (looks.length > LOOKS_PER_ROUND * (FREE_ROUNDS + this.#news.length))
      this.violations.push(`${looks.length} looks at ${key} within a minute, ${this.#news.length} news`);
  }

  /** Only for JWTs that exist, while there is a leader that runs and gets events. */
  checkRest(keys: Iterable<string>): void {
    for (const key of keys) {
      const last = Math.max(this.#since, this.#born.get(key) ?? 0, this.#lastLook.get(key) ?? 0);
      const rest = this.#monotonic() - last;
      if (rest > MAX_REST_MS) this.violations.push(`nobody has looked at ${key} for ${rest / 1000} s`);
      const { at = Number.POSITIVE_INFINITY, since = 0 } = this.#announced.get(key) ?? {};
      const late = this.#monotonic() - at;
      if (late > ROUND_MS && since > this.#since)
        this.violations.push(`${key} was not tried again when its status said, for ${late / 1000} s`);
    }
  }
}
