/** Reading a key includes one signature: 35 ms of a thread with RSA of 8,192 bits. Two of libuv's four stay for the tokens. */
const TRIALS_AT_ONCE = 2;
/** This many are tried within a second and a half; the API server waits for five. */
const MAX_WAITING_TRIALS = 64;

/** Limits how many keys of reviews are tried at once: any pod that reaches the webhook can send as many as it likes. */
export class KeyTrials {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Runs `trial` when it is its turn; returns `undefined` at once when too many wait already. */
  async run<T>(trial: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= TRIALS_AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING_TRIALS) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await trial();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
