import type { Controller } from '../loop/controller.ts';
import { endAll } from './end-all.ts';
import type { Delivery } from './start-delivery.ts';

/** The work that runs only while this replica leads. */
interface TermWork {
  readonly controller: Controller;
  /** Prompt delivery, if it is on. */
  readonly delivery: Delivery | undefined;
}

/** The current term of leadership, if there is one: its parts begin and end together. */
export class CurrentTerm {
  #work: TermWork | undefined;

  /** `undefined` while this replica does not lead. */
  get work(): TermWork | undefined {
    return this.#work;
  }

  begin(work: TermWork): void {
    this.#work = work;
  }

  /** Resolves when none of it is running any more. The term goes on, without work, until leadership was given back. */
  async stop(): Promise<void> {
    await endAll([this.#work?.controller.stop(), this.#work?.delivery?.stop()]);
  }

  /** Leadership is over, so the term is, at once. Resolves as `stop`. */
  async end(): Promise<void> {
    const stopped = this.stop();
    this.#work = undefined;
    await stopped;
  }
}
