import type { Clock, Timer } from '../time/clock.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';
import type { Urgency } from './urgency.ts';

/**
 * A round that takes longer is given up: it would hold its key forever. The longest way through one is a dozen requests
 * (observe, read, take over, write Secret and status, report a failure), each of which ends within 5 s, and a signature.
 */
const MAX_ROUND_MS = 120_000;

/** A key that is being worked on. */
interface RunningRound {
  /** The urgency of a request that came meanwhile. */
  again: Urgency | undefined;
  /** When it has taken too long, by the monotonic clock. */
  readonly endsBy: Milliseconds;
  isGivenUp: boolean;
  readonly giveUp: (why: string) => void;
}

/** The keys that are being worked on, in the order in which that began. One timer ends the rounds that take too long. */
export class RunningRounds {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly #rounds = new Map<string, RunningRound>();
  #timer: Timer | undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#rounds.size;
  }

  has(key: string): boolean {
    return this.#rounds.has(key);
  }

  keys(): Iterable<string> {
    return this.#rounds.keys();
  }

  /** The request that came while the key was being worked on. */
  asked(key: string): Urgency | undefined {
    return this.#rounds.get(key)?.again;
  }

  /** How many keys were asked for while they were being worked on. */
  countAskedAgain(): number {
    let again = 0;
    for (const round of this.#rounds.values()) if (round.again !== undefined) again += 1;
    return again;
  }

  /** Replaces what was asked for; does nothing for a key that is not being worked on. */
  askAgain(key: string, urgency: Urgency | undefined): void {
    const round = this.#rounds.get(key);
    if (round !== undefined) round.again = urgency;
  }

  /** Does the work of a round; rejects when it is given up, which `work` can ask for. `end` must follow when it has ended. */
  async run<T>(key: string, work: (isGivenUp: () => boolean) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const round: RunningRound = {
        again: undefined,
        endsBy: this.#clock.monotonic() + MAX_ROUND_MS,
        isGivenUp: false,
        giveUp: (why) => {
          round.isGivenUp = true;
          reject(new Error(why));
        },
      };
      this.#rounds.set(key, round);
      this.#watch();
      work(() => round.isGivenUp).then(resolve, reject);
    });
  }

  end(key: string): void {
    this.#rounds.delete(key);
    if (this.#rounds.size === 0) this.#watch();
  }

  giveUpAll(why: string): void {
    for (const round of this.#rounds.values()) round.giveUp(why);
  }

  #watch(): void {
    const [first] = this.#rounds.values();
    if (first === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    const wait = first.endsBy - this.#clock.monotonic();
    this.#timer ??= this.#clock.setTimer(wait, () => this.#giveUpLongest());
  }

  #giveUpLongest(): void {
    const now = this.#clock.monotonic();
    for (const round of this.#rounds.values())
      if (round.endsBy <= now)
        round.giveUp(`the round did not end within ${toSeconds(MAX_ROUND_MS)} s, and was given up`);
    this.#timer = undefined;
    this.#watch();
  }
}
