import { giveWay } from '../time/give-way.ts';
import type { Milliseconds } from '../time/units.ts';
import { FairTime } from './fair-time.ts';

/** How long one turn of the event loop may be spent on reviews before the others get theirs: reads, timers, new connections. */
const REVIEW_SLICE_MS = 50;
/** The limit with the reviews of owners that had nothing of that turn yet: they are any number. */
const MAX_TURN_MS = 3 * REVIEW_SLICE_MS;
/** After a turn that took longer, the waiting jobs pause for the time by which it was too long, but no longer than this. */
const MAX_PAUSE_MS = 1_000;
/** The least time for a review: one of 8 MiB that is one long text takes 80 ms. */
const MS_PER_BYTE = 0.000_01;
/**
 * A job that has waited for longer has a part of each turn where the first job leaves one, of whichever owner it is: the API
 * server gives a review 5 s.
 */
const LONG_REVIEW_WAIT_MS = 1_000;

interface Job {
  readonly size: number;
  readonly run: () => void;
  readonly since: Milliseconds;
}

/**
 * Decides which job is next when there is more to do than fits in one turn of the event loop. Usually everything fits, and a
 * job runs at once, as do those of an owner that has taken little of a turn. Otherwise the owner that has had the least goes
 * first, with the smallest of its jobs: so nobody waits for the expensive reviews of another one, nor for those of many others
 * that come later. The second half of a turn, where the first job leaves one, is for the jobs that have waited for long, the
 * oldest first: so an owner whose many cheap reviews are more than its share in a crowd is not served last for as long as the
 * crowd is there. A TLS handshake needs several turns, so there is a pause after each expensive review.
 */
export class ReviewTurns {
  readonly #now: () => Milliseconds;
  /** The time that jobs took in this turn, of all and by owner. */
  #spent: Milliseconds = 0;
  readonly #spentBy = new Map<string, Milliseconds>();
  #isTurnMarked = false;
  readonly #waiting = new Map<string, Job[]>();
  /** The time by owner since the last moment at which no job waited. */
  readonly #had = new FairTime();

  /** `now` never goes back. */
  constructor(now: () => Milliseconds = () => performance.now()) {
    this.#now = now;
  }

  /** Calls `run` now or soon; what it throws at once is thrown here, and is an uncaught exception later. */
  take(owner: string, size: number, run: () => void): void {
    if (this.#mayRunNow(owner)) {
      this.#do(owner, run);
      return;
    }
    const job: Job = { size, run, since: this.#now() };
    const jobs = this.#waiting.get(owner);
    if (jobs === undefined) this.#waiting.set(owner, [job]);
    else jobs.push(job);
  }

  #mayRunNow(owner: string): boolean {
    if (this.#spent < REVIEW_SLICE_MS && this.#waiting.size === 0) return true;
    return this.#spent < MAX_TURN_MS && (this.#spentBy.get(owner) ?? 0) < REVIEW_SLICE_MS;
  }

  #do(owner: string, run: () => void): void {
    const before = this.#now();
    try {
      run();
    } finally {
      const cost = this.#now() - before;
      this.#spent += cost;
      // A busy turn ends after other tasks have run; it also forgets what was spent in many idle ones.
      if (this.#waiting.size > 0 || this.#spent >= REVIEW_SLICE_MS / 2) {
        this.#spentBy.set(owner, (this.#spentBy.get(owner) ?? 0) + cost);
        this.#had.add(owner, cost, this.#waiting.size + (this.#waiting.has(owner) ? 0 : 1));
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
    this.#spentBy.clear();
    while (this.#spent < REVIEW_SLICE_MS) {
      const late = this.#spent < REVIEW_SLICE_MS / 2 ? undefined : this.#ownerThatWaitsLong();
      const owner = late ?? this.#nextOwner();
      if (owner === undefined) break;
      this.#do(owner, late === undefined ? this.#takeSmallest(owner) : this.#takeAt(owner, 0));
    }
    if (this.#waiting.size > 0) this.#markTurn();
    else if (this.#spent < REVIEW_SLICE_MS / 2) this.#had.clear();
  }

  /** The owner that will have had the least after its smallest job. */
  #nextOwner(): string | undefined {
    let next: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [owner, jobs] of this.#waiting) {
      const had = this.#had.of(owner) + Math.min(...jobs.map(({ size }) => size)) * MS_PER_BYTE;
      if (had >= least) continue;
      least = had;
      next = owner;
    }
    return next;
  }

  /** The owner of the job that has waited longest, if that is long. */
  #ownerThatWaitsLong(): string | undefined {
    let late: string | undefined;
    let oldest = this.#now() - LONG_REVIEW_WAIT_MS;
    for (const [owner, [first]] of this.#waiting) {
      if (first === undefined || first.since >= oldest) continue;
      oldest = first.since;
      late = owner;
    }
    return late;
  }

  #takeSmallest(owner: string): () => void {
    const jobs = this.#waiting.get(owner) ?? [];
    let smallest = 0;
    for (const [index, { size }] of jobs.entries()) if (size < (jobs[smallest]?.size ?? 0)) smallest = index;
    return this.#takeAt(owner, smallest);
  }

  /** Jobs are in the order in which they came. */
  #takeAt(owner: string, index: number): () => void {
    const jobs = this.#waiting.get(owner) ?? [];
    const [job] = jobs.splice(index, 1);
    if (jobs.length === 0) this.#waiting.delete(owner);
    return job?.run ?? (() => undefined);
  }
}
