/** Ends sleeps early: a sleep that is given `signal` ends at the next `wake`, also one that came before the sleep began. */
export class WakeSignal {
  #controller = new AbortController();

  /** Aborted by the next `wake`, and only by that. Whoever decides how long to sleep takes it before it looks. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  wake(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
  }
}
