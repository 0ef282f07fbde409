import type { Milliseconds } from '../time/units.ts';

/** A round that takes longer than with the fewest beside it, by this factor, was made slow by those beside it. */
const CROWDED = 1.5;

/** How a round of a suspect went; by the monotonic clock. */
interface SuspectRound {
  readonly startedAt: Milliseconds;
  readonly endedAt: Milliseconds;
  readonly hasFailed: boolean;
  /** It took longer than a round should. */
  readonly isSlow: boolean;
  /** How many suspects were being worked on when it had begun, itself included: some begin whatever the limit is. */
  readonly atOnce: number;
}

/**
 * How many suspects may be worked on at once: half as many after each that failed or was made slow by others, one more
 * after each that was quick. Many writes of 240 KiB at once make an API server answer everybody late; fewer at once are each
 * quicker. Where they are not, the API server is slow by itself, and so few would only let tokens expire: then the limit
 * rises by one in the time of a round, so that what the rounds make of it is known before the next step.
 */
export class SuspectLimit {
  readonly #least: number;
  readonly #most: number;
  /** The limit with its fraction: a slow round adds a part of one. */
  #exact: number;
  /** Since when the limit is the least. */
  #leastSince = Number.POSITIVE_INFINITY;
  /** How long the rounds took that began since then with no more at once, all together, and how many they are. */
  #baseline = { took: 0, rounds: 0 };

  /** The limit is never below `least` nor above `most`, where it begins. */
  constructor(least: number, most: number) {
    this.#least = least;
    this.#most = most;
    this.#exact = most;
  }

  get limit(): number {
    return Math.floor(this.#exact);
  }

  /** Takes note of a round that has ended. */
  ended(round: SuspectRound): void {
    const isAtLeast = this.limit === this.#least;
    if (round.hasFailed || this.#isCrowded(round)) this.#halve(round.endedAt);
    else this.#exact = Math.min(this.#most, this.#exact + (round.isSlow ? 1 / this.limit : 1));
    const isFewest = isAtLeast && round.startedAt >= this.#leastSince && round.atOnce <= this.#least;
    if (isFewest && !round.hasFailed) {
      this.#baseline.took += round.endedAt - round.startedAt;
      this.#baseline.rounds += 1;
    }
  }

  #isCrowded({ isSlow, startedAt, endedAt }: SuspectRound): boolean {
    const { took, rounds } = this.#baseline;
    return isSlow && (rounds === 0 || endedAt - startedAt >= (CROWDED * took) / rounds);
  }

  #halve(now: Milliseconds): void {
    const halved = Math.max(this.#least, Math.floor(this.limit / 2));
    if (halved === this.#least && this.limit > halved) {
      this.#leastSince = now;
      this.#baseline = { took: 0, rounds: 0 };
    }
    this.#exact = halved;
  }
}
