import { giveWay } from '../time/give-way.ts';

/** How long one turn of the event loop may be spent on reviews before the others get theirs: reads, timers, new connections. */
const REVIEW_SLICE_MS = 50;
/** After a turn that took longer, the waiting jobs pause for the time by which it was too long, but no longer than this. */
const MAX_PAUSE_MS = 1_000;

interface Job {
  readonly size: number;
  readonly run: () => void;
}

/**
 * Decides which job is next when there is more to do than fits in one turn of the event loop. Usually everything fits, and a
 * job runs at once, as do always those of an owner that has cost little time. Otherwise the owner that has cost the least
 * goes first, with the smallest of its jobs: so nobody waits for the expensive reviews of another one. A TLS handshake needs
 * several turns, so there is a pause after each expensive review.
 */
export class ReviewTurns {
  /** Milliseconds that jobs took in this turn. */
  #spent = 0;
  #isTurnMarked = false;
  readonly #waiting = new Map<string, Job[]>();
  /** Milliseconds by owner, since the last moment at which no job waited. */
  readonly #costs = new Map<string, number>();

  /** Calls `run` now or soon; what it throws at once is thrown here, and is an uncaught exception later. */
  take(owner: string, size: number, run: () => void): void {
    const isCalm = this.#waiting.size === 0 && this.#spent < REVIEW_SLICE_MS;
    if (isCalm || (this.#costs.get(owner) ?? 0) < REVIEW_SLICE_MS) {
      this.#do(owner, run);
      return;
    }
    const jobs = this.#waiting.get(owner);
    if (jobs === undefined) this.#waiting.set(owner, [{ size, run }]);
    else jobs.push({ size, run });
  }

  #do(owner: string, run: () => void): void {
    const before = performance.now();
    try {
      run();
    } finally {
      const cost = performance.now() - before;
      this.#spent += cost;
      // A busy turn ends after other tasks have run; it also forgets what was spent in many idle ones.
      if (this.#spent >= REVIEW_SLICE_MS / 2) {
        this.#costs.set(owner, (this.#costs.get(owner) ?? 0) + cost);
        this.#markTurn();
      }
    }
  }

  #markTurn(): void {
    if (this.#isTurnMarked) return;
    this.#isTurnMarked = true;
    void this.#startTurnLater();
  }

  async #startTurnLater(): Promise<void> {
    await giveWay();
    const pause = Math.min(this.#spent - REVIEW_SLICE_MS, MAX_PAUSE_MS);
    if (pause > 0) setTimeout(() => this.#startTurn(), pause);
    else this.#startTurn();
  }

  #startTurn(): void {
    this.#isTurnMarked = false;
    this.#spent = 0;
    while (this.#spent < REVIEW_SLICE_MS) {
      const owner = this.#cheapestOwner();
      if (owner === undefined) break;
      this.#do(owner, this.#takeSmallest(owner));
    }
    if (this.#waiting.size > 0) this.#markTurn();
    else if (this.#spent < REVIEW_SLICE_MS / 2) this.#costs.clear();
  }

  #cheapestOwner(): string | undefined {
    let cheapest: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const owner of this.#waiting.keys()) {
      const cost = this.#costs.get(owner) ?? 0;
      if (cost >= least) continue;
      least = cost;
      cheapest = owner;
    }
    return cheapest;
  }

  #takeSmallest(owner: string): () => void {
    const jobs = this.#waiting.get(owner) ?? [];
    let smallest = 0;
    for (const [index, { size }] of jobs.entries()) if (size < (jobs[smallest]?.size ?? 0)) smallest = index;
    const [job] = jobs.splice(smallest, 1);
    if (jobs.length === 0) this.#waiting.delete(owner);
    return job?.run ?? (() => undefined);
  }
}
