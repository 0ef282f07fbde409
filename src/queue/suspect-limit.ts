import type { Milliseconds } from '../time/units.ts';

/** A slow round that takes this many times as long as with the fewest beside it was made slow by those beside it. */
const CROWDED = 1.5;

const NOTHING_KNOWN = { fewest: Number.POSITIVE_INFINITY, rounds: 0, took: 0 };

/** How a round of a suspect went; by the monotonic clock. */
interface SuspectRound {
  readonly startedAt: Milliseconds;
  readonly endedAt: Milliseconds;
  readonly hasFailed: boolean;
  /** It took longer than a round should. */
  readonly isSlow: boolean;
  /** How many of its lane were being worked on when it had begun, itself included: some begin whatever the limit is. */
  readonly atOnce: number;
}

/**
 * How many suspects of a lane may be worked on at once: half as many after each that failed or was made slow by others, one more
 * after each that was quick. Many writes of 240 KiB at once make an API server answer everybody late; fewer at once are each
 * quicker. Where they are not, the API server is slow by itself, and so few would only let tokens expire: then the limit
 * rises by one in the time of a round, so that what the rounds make of it is known before the next step.
 *
 * An example: from 16 the limit falls to 8 and to 4, as rounds take 4 s, and nobody knows why. At 4 they take 2 s each. Then
 * those of 3 s or more are crowded. If 5 at once still take 2 s, the server is slow by itself: the limit rises to 16.
 */
export class SuspectLimit {
  readonly #least: number;
  readonly #most: number;
  /** The limit with its fraction: a slow round adds a part of one. */
  #exact: number;
  /** When the limit fell to the least last. */
  #leastSince = Number.POSITIVE_INFINITY;
  /**
   * The rounds since then that had the fewest beside them, until the limit rose: how few (those below the least count as that),
   * how many such rounds there were, and how long they took together.
   */
  #baseline = NOTHING_KNOWN;

  /** The limit is never below `least` nor above `most`, where it begins. */
  constructor(least: number, most: number) {
    this.#least = least;
    this.#most = most;
    this.#exact = most;
  }

  get limit(): number {
    return Math.floor(this.#exact);
  }

  /** Whether it is at its least, and not known yet how long rounds then take: until one has ended, few should begin beyond it. */
  get isMeasuring(): boolean {
    return this.limit === this.#least && this.#baseline.rounds === 0;
  }

  /** Takes note of a round that has ended. */
  ended(round: SuspectRound): void {
    const wasLeast = this.limit === this.#least;
    if (round.hasFailed || this.#isCrowded(round)) this.#halve(round.endedAt);
    else this.#exact = Math.min(this.#most, this.#exact + (round.isSlow ? 1 / this.limit : 1));
    if (wasLeast && !round.hasFailed && round.startedAt >= this.#leastSince) this.#learn(round);
  }

  /** As some begin whatever the limit is, there may never be as few as the least: then it learns from the fewest there are. */
  #learn({ startedAt, endedAt, atOnce }: SuspectRound): void {
    const fewest = Math.max(atOnce, this.#least);
    if (fewest > this.#baseline.fewest) return;
    const { rounds, took } = fewest < this.#baseline.fewest ? NOTHING_KNOWN : this.#baseline;
    this.#baseline = { fewest, rounds: rounds + 1, took: took + endedAt - startedAt };
  }

  /** As long as nothing is known of rounds with the fewest beside them, each slow one is. */
  #isCrowded({ isSlow, startedAt, endedAt }: SuspectRound): boolean {
    const { rounds, took } = this.#baseline;
    return isSlow && (rounds === 0 || endedAt - startedAt >= (CROWDED * took) / rounds);
  }

  #halve(now: Milliseconds): void {
    const halved = Math.max(this.#least, Math.floor(this.limit / 2));
    if (halved === this.#least && this.limit > halved) {
      this.#leastSince = now;
      this.#baseline = NOTHING_KNOWN;
    }
    this.#exact = halved;
  }
}
