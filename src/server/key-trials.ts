/**
 * Reading a key includes one signature: with RSA of 8,192 bits 35 ms of a thread, and 120 if its parts do not belong together
 * (OpenSSL finds that out at the end, and signs once more without them). Two of libuv's four threads stay for the tokens.
 */
const TRIALS_AT_ONCE = 2;
/** This many are tried within a second and a half; the API server waits for five. */
const MAX_WAITING_TRIALS = 24;

/** Limits how many keys of reviews are tried at once: any pod that reaches the webhook can send as many as it likes. */
export class KeyTrials {
  #running = 0;
  /** Called with true when it is their turn, oldest first. */
  readonly #waiting = new Set<(isTurn: boolean) => void>();

  /**
   * Runs `trial` when it is its turn; returns `undefined` at once when too many wait already, and when `gone` is aborted before:
   * nobody waits for it any more.
   */
  async run<T>(trial: () => Promise<T>, gone?: AbortSignal): Promise<T | undefined> {
    if (this.#running < TRIALS_AT_ONCE) this.#running += 1;
    else if (!(await this.#wait(gone))) return undefined;
    try {
      return await trial();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#running -= 1;
      else next(true);
    }
  }

  /** True when it is its turn. */
  #wait(gone: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      if (gone?.aborted === true || this.#waiting.size >= MAX_WAITING_TRIALS) {
        resolve(false);
        return;
      }
      const end = (isTurn: boolean): void => {
        this.#waiting.delete(end);
        gone?.removeEventListener('abort', giveUp);
        resolve(isTurn);
      };
      const giveUp = (): void => end(false);
      this.#waiting.add(end);
      gone?.addEventListener('abort', giveUp, { once: true });
    });
  }
}
