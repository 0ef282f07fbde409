import type { Clock, Timer } from '../time/clock.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';
import type { Ready } from './lanes.ts';

/**
 * A run that takes longer is given up: it would hold its key for ever. The longest way through a round is a dozen requests
 * (observe, read, take over, write Secret and status, report a failure), each of which ends within 5 s, and a signature.
 */
const MAX_RUN_MS = 120_000;

/** A key that is being worked on. */
interface Run {
  /** What was asked for meanwhile. */
  again: Ready | undefined;
  /** By the monotonic clock. */
  readonly startedAt: Milliseconds;
  isGivenUp: boolean;
  giveUp: (why: string) => void;
}

/** The keys that are being worked on, in the order in which that began. One timer ends those that take too long. */
export class Runs {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly #runs = new Map<string, Run>();
  #timer: Timer | undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#runs.size;
  }

  has(key: string): boolean {
    return this.#runs.has(key);
  }

  keys(): Iterable<string> {
    return this.#runs.keys();
  }

  /** What was asked for while the key was being worked on. */
  asked(key: string): Ready | undefined {
    return this.#runs.get(key)?.again;
  }

  /** How many keys were asked for while they were being worked on. */
  get askedAgain(): number {
    let again = 0;
    for (const run of this.#runs.values()) if (run.again !== undefined) again += 1;
    return again;
  }

  /** Replaces what was asked for; does nothing for a key that is not being worked on. */
  askAgain(key: string, ready: Ready | undefined): void {
    const run = this.#runs.get(key);
    if (run !== undefined) run.again = ready;
  }

  /** Takes note of a run that begins now; `end` must follow when it has ended. */
  begin(key: string): void {
    const startedAt = this.#clock.monotonic();
    this.#runs.set(key, { again: undefined, startedAt, isGivenUp: false, giveUp: () => undefined });
    this.#watch();
  }

  /** Does the work of a run that has begun; rejects when it is given up, which `work` can ask for. */
  async work<T>(key: string, work: (isGivenUp: () => boolean) => Promise<T>): Promise<T> {
    const run = this.#runs.get(key);
    if (run === undefined) throw new Error('a run was to be worked on before it began');
    return new Promise((resolve, reject) => {
      run.giveUp = (why) => {
        run.isGivenUp = true;
        reject(new Error(why));
      };
      work(() => run.isGivenUp).then(resolve, reject);
    });
  }

  end(key: string): void {
    this.#runs.delete(key);
    if (this.#runs.size === 0) this.#watch();
  }

  giveUpAll(why: string): void {
    for (const run of this.#runs.values()) run.giveUp(why);
  }

  #watch(): void {
    const [first] = this.#runs.values();
    if (first === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    const wait = first.startedAt + MAX_RUN_MS - this.#clock.monotonic();
    this.#timer ??= this.#clock.setTimer(wait, () => this.#giveUpLongest());
  }

  #giveUpLongest(): void {
    const latest = this.#clock.monotonic() - MAX_RUN_MS;
    for (const run of this.#runs.values())
      if (run.startedAt <= latest)
        run.giveUp(`the round did not end within ${toSeconds(MAX_RUN_MS)} s, and was given up`);
    this.#timer = undefined;
    this.#watch();
  }
}
