/** Ends sleeps early: a sleep that is given `signal` ends at the next `wake`, also one that came before the sleep began. */
export class WakeSignal {
  #controller = new AbortController();

  /** Aborted by the next `wake`, and only by that. To be taken before the look that decides how long to sleep. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  wake(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
  }
}
