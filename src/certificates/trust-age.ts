import type { Milliseconds } from '../time/units.ts';

/** How long all bundles have been seen, without a break, to trust the authority that signs. */
export class TrustAge {
  /** By the clock that never goes back. */
  #since: Milliseconds | undefined;
  #isFirstLook = true;

  /**
   * To be called with what each look shows. `undefined` while it is not trusted; infinite if it was at the first look: nobody
   * knows since when, and another replica saw to it.
   */
  observe(isTrusted: boolean, monotonic: Milliseconds): Milliseconds | undefined {
    if (!isTrusted) this.#since = undefined;
    else this.#since ??= this.#isFirstLook ? Number.NEGATIVE_INFINITY : monotonic;
    this.#isFirstLook = false;
    return this.#since === undefined ? undefined : monotonic - this.#since;
  }
}
