import { FairHeap } from './fair-heap.ts';
import type { Milliseconds } from '../time/units.ts';

/** What makes a waiting key more urgent than another. */
export interface Ready {
  /** Its priority; the lowest goes first. */
  readonly rank: number;
  readonly expiresAt: Milliseconds;
  readonly sequence: number;
}

/** What is kept of a key whose last run failed or was slow. */
interface BadRecord {
  /** Runs in a row that failed. */
  readonly failures: number;
  /** False: something about it has changed since. */
  readonly isSuspect: boolean;
}

interface Suspect extends Ready {
  readonly failures: number;
}

type Lane = 'quick' | 'fresh' | 'suspect';

interface LaneRun {
  readonly startedAt: Milliseconds;
  readonly lane: Lane;
}

/** A run that takes longer is slow: a round is a few requests, of milliseconds each. */
const SLOW_RUN_MS = 1_000;
/** A key that was slow is so until it takes less than this: that it is quicker may be because fewer of its kind run at once. */
const STILL_SLOW_RUN_MS = 250;
/** Slow and failing runs hold no more of the workers, so that they delay no renewal of others. */
const LIMITED_SHARE = 0.5;
/**
 * Those that failed or were slow before may hold less: half as many after each that was so again, one more after each that
 * was not, and never fewer than this share. Many writes of 240 KiB at once make an API server answer everybody late.
 */
const MIN_SHARE = 0.125;
/** Extra runs may start in place of slow ones; so many times the workers is the most that run at once. */
const MAX_RUNS = 4;

const isBefore = (a: Ready, b: Ready): boolean =>
  a.rank < b.rank ||
  (a.rank === b.rank &&
    (a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.sequence < b.sequence)));

/**
 * Which key is worked on next.
 *
 * | lane    | keys in it                                           | workers                                         |
 * | ------- | ---------------------------------------------------- | ----------------------------------------------- |
 * | quick   | those whose last run ended well within a second      | all but those that limited runs have            |
 * | fresh   | never worked on, or changed since they were suspects | half, together with suspects                    |
 * | suspect | those whose last run failed or was slow              | an eighth to half, by how the last ones went    |
 *
 * Limited are the runs of fresh keys and of suspects, and those of quick keys that have become slow. So a thousand JWTs
 * that fail slowly delay no other's renewal. And the more often suspects are slow or fail, the fewer of them run at once.
 *
 * Under an API server that answers everybody late all keys are suspects, and a renewal that is due is one of them. So that
 * it does not wait behind others' new JWTs, of which more may come than can be worked on: a suspect that was only slow takes
 * its turn by its urgency, and for those that are due and failed before some workers are kept. Of these the ones that failed
 * least go first. Times are those of the monotonic clock, in milliseconds.
 */
export class Lanes {
  readonly #workers: number;
  readonly #limitedWorkers: number;
  readonly #leastSuspects: number;
  /** The rank of keys that were never worked on. */
  readonly #newRank: number;
  /** So many keys that failed or were slow before may run at once now. */
  #mostSuspects: number;
  readonly #quick: FairHeap<Ready>;
  /** Never worked on, or changed since they were suspects. */
  readonly #fresh: FairHeap<Ready>;
  readonly #suspects: FairHeap<Suspect>;
  /** By key, of those whose last run failed or was slow. */
  readonly #records = new Map<string, BadRecord>();
  readonly #runs = new Map<string, LaneRun>();

  constructor(workers: number, newRank: number) {
    this.#workers = workers;
    this.#limitedWorkers = Math.max(1, Math.floor(workers * LIMITED_SHARE));
    this.#leastSuspects = Math.max(1, Math.floor(workers * MIN_SHARE));
    this.#mostSuspects = this.#limitedWorkers;
    this.#newRank = newRank;
    // All workers may be busy with the most urgent of one namespace before those of others get their turns.
    this.#quick = new FairHeap(isBefore, workers);
    this.#fresh = new FairHeap(isBefore, workers);
    this.#suspects = new FairHeap(
      (a, b) => a.failures < b.failures || (a.failures === b.failures && isBefore(a, b)),
      workers,
    );
  }

  /** Keys that wait. */
  get size(): number {
    return this.#quick.size + this.#fresh.size + this.#suspects.size;
  }

  get(key: string): Ready | undefined {
    return this.#quick.get(key) ?? this.#fresh.get(key) ?? this.#suspects.get(key);
  }

  /** Puts the key among those that wait, in the place of what waited of it. */
  set(key: string, ready: Ready): void {
    this.delete(key);
    const record = this.#records.get(key);
    if (record?.isSuspect === true) this.#suspects.set(key, { ...ready, failures: record.failures });
    else if (record !== undefined || ready.rank === this.#newRank) this.#fresh.set(key, ready);
    else this.#quick.set(key, ready);
  }

  delete(key: string): void {
    this.#quick.delete(key);
    this.#fresh.delete(key);
    this.#suspects.delete(key);
  }

  /** The key does not exist any more. */
  forget(key: string): void {
    this.delete(key);
    this.#records.delete(key);
  }

  /** Something about the key has changed: it goes before those that failed, but not beside those that never did. */
  giveAnotherChance(key: string): void {
    if (this.#records.has(key)) this.#records.set(key, { failures: 0, isSuspect: false });
  }

  /** Takes out the key whose run is to begin now; `undefined` when none may. Each is to be ended. */
  begin(now: Milliseconds): { readonly key: string; readonly item: Ready } | undefined {
    const lane = this.#chooseLane(now);
    const next = lane === undefined ? undefined : this.#laneOf(lane).pop();
    if (lane !== undefined && next !== undefined) this.#runs.set(next.key, { startedAt: now, lane });
    return next;
  }

  /** The run of the key has ended. */
  end(key: string, now: Milliseconds, hasFailed: boolean): void {
    const run = this.#runs.get(key);
    this.#runs.delete(key);
    if (run === undefined) return;
    const isBad =
      hasFailed || now - run.startedAt >= (run.lane === 'suspect' ? STILL_SLOW_RUN_MS : SLOW_RUN_MS);
    if (run.lane === 'suspect') {
      this.#mostSuspects = isBad
        ? Math.max(this.#leastSuspects, Math.floor(this.#mostSuspects / 2))
        : Math.min(this.#limitedWorkers, this.#mostSuspects + 1);
    }
    if (!isBad) this.#records.delete(key);
    else {
      const failures = hasFailed ? (this.#records.get(key)?.failures ?? 0) + 1 : 0;
      this.#records.set(key, { failures, isSuspect: true });
    }
  }

  /** When the next of the runs turns slow, so that others may begin; `undefined` if none waits for that. */
  nextRoomAt(now: Milliseconds): Milliseconds | undefined {
    if (this.#quick.size === 0) return undefined;
    const turns = [...this.#runs.values()]
      .filter((run) => !isLimited(run, now))
      .map(({ startedAt }) => startedAt + SLOW_RUN_MS);
    return turns.length === 0 ? undefined : Math.min(...turns);
  }

  #laneOf(lane: Lane): FairHeap<Ready> | FairHeap<Suspect> {
    return { quick: this.#quick, fresh: this.#fresh, suspect: this.#suspects }[lane];
  }

  /** Where the key waits whose turn it is; `undefined` when no more may run. */
  #chooseLane(now: Milliseconds): Lane | undefined {
    const limitedRuns = this.#countLimitedRuns(now);
    const quickRuns = this.#runs.size - limitedRuns;
    const isRoom = this.#runs.size < this.#workers * MAX_RUNS;
    const mayQuick = isRoom && quickRuns < this.#workers - Math.min(limitedRuns, this.#limitedWorkers);
    const mayLimited = limitedRuns < this.#limitedWorkers && this.#runs.size < this.#workers;
    const quick = mayQuick ? this.#quick.first() : undefined;
    const limitedLane = mayLimited ? this.#chooseLimitedLane() : undefined;
    if (quick === undefined || limitedLane === undefined) return quick === undefined ? limitedLane : 'quick';
    const limited = this.#laneOf(limitedLane).first();
    if (limited === undefined) return 'quick';
    const isReserved = limited.rank <= quick.rank && limitedRuns < this.#leastSuspects;
    return isReserved || isBefore(limited, quick) ? limitedLane : 'quick';
  }

  #chooseLimitedLane(): Lane {
    const suspects = this.#countSuspects();
    const suspect = suspects < this.#mostSuspects ? this.#suspects.first() : undefined;
    const fresh = this.#fresh.first();
    if (suspect === undefined || fresh === undefined) return suspect === undefined ? 'fresh' : 'suspect';
    const isReserved = suspect.rank < this.#newRank && suspects < this.#leastSuspects;
    return (suspect.failures === 0 || isReserved) && isBefore(suspect, fresh) ? 'suspect' : 'fresh';
  }

  #countSuspects(): number {
    let suspects = 0;
    for (const { lane } of this.#runs.values()) if (lane === 'suspect') suspects += 1;
    return suspects;
  }

  #countLimitedRuns(now: Milliseconds): number {
    let limitedRuns = 0;
    for (const run of this.#runs.values()) if (isLimited(run, now)) limitedRuns += 1;
    return limitedRuns;
  }
}

function isLimited({ startedAt, lane }: LaneRun, now: Milliseconds): boolean {
  return lane !== 'quick' || now - startedAt >= SLOW_RUN_MS;
}
