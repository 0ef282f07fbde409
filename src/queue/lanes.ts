import { FairHeap } from './fair-heap.ts';
import type { Milliseconds } from '../time/units.ts';
import { SuspectLimit } from './suspect-limit.ts';

/** What makes a waiting key more urgent than another. Times as in `Work`. */
export interface Urgency {
  /** Its priority; the lowest goes first. */
  readonly rank: number;
  readonly expiresAt: Milliseconds;
  readonly sequence: number;
}

/** What is kept of a key whose last round failed or was slow. */
interface BadRecord {
  /** Rounds in a row that failed. */
  readonly failures: number;
  /** False: something about it has changed since. */
  readonly isSuspect: boolean;
}

interface Suspect extends Urgency {
  readonly failures: number;
}

type Lane = 'quick' | 'fresh' | 'suspect';

interface LaneRound {
  readonly startedAt: Milliseconds;
  readonly lane: Lane;
}

/** A round that takes longer is slow: it is a few requests, of milliseconds each. */
const SLOW_ROUND_MS = 1_000;
/** A key that was slow is so until it takes less than this: that it is quicker may be because fewer of its kind are under way. */
const STILL_SLOW_ROUND_MS = 250;
/** Slow and failing rounds hold no more of the workers, so that they delay no renewal of others. */
const LIMITED_SHARE = 0.5;
/**
 * The share of workers that is kept for limited rounds whatever has become slow, and among these for suspects whatever they
 * come to, and for fresh keys however many suspects are due.
 */
const MIN_SHARE = 0.125;
/** Extra rounds may start in place of slow ones; this is the most that may be under way for each worker. */
const MAX_ROUNDS_PER_WORKER = 4;

const isBefore = (a: Urgency, b: Urgency): boolean =>
  a.rank < b.rank ||
  (a.rank === b.rank &&
    (a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.sequence < b.sequence)));

/**
 * Which key is worked on next: of equal priority the soonest to expire, whichever lane it waits in, as far as the lanes have
 * workers.
 *
 * | lane    | keys in it                                           | workers                                         |
 * | ------- | ---------------------------------------------------- | ----------------------------------------------- |
 * | quick   | those whose last round ended well within a second    | all but those that limited and slow rounds have |
 * | fresh   | never worked on, or changed since they were suspects | half, together with suspects; an eighth alone   |
 * | suspect | those whose last round failed or was slow            | an eighth to half, by how the last ones went    |
 *
 * Limited are the rounds of fresh keys and of suspects: they never hold more than half of the workers. Rounds of quick keys
 * that have become slow count with them, and together they take no more than half away from quick keys. So a thousand JWTs
 * that fail slowly delay no other's renewal. And the more often suspects fail, or slow each other down, the fewer of them are
 * worked on at once (`SuspectLimit`).
 *
 * Under an API server that answers everybody late all rounds are slow, and a renewal that is due may be that of a suspect.
 * So quick keys that became slow never shut the other lanes: an eighth of the workers is kept for limited rounds, and a fresh
 * key or a suspect that is more urgent than all quick ones begins as long as limited rounds hold less than half. Nor does
 * such a renewal wait behind others' new JWTs, of which more may come than can be worked on: a suspect that was only slow
 * takes its turn by its urgency, and for those that are due and failed before some workers are kept. Of these the ones that
 * failed least go first. Times are those of the monotonic clock, in milliseconds.
 */
export class Lanes {
  readonly #workers: number;
  readonly #limitedWorkers: number;
  /** How many workers are kept for limited rounds, and among these for suspects that are due. */
  readonly #reserved: number;
  /** How many workers may work on suspects while fresh keys wait. */
  readonly #mostBesideFresh: number;
  /** The rank of keys that were never worked on. */
  readonly #newRank: number;
  readonly #suspectLimit: SuspectLimit;
  readonly #quick: FairHeap<Urgency>;
  /** Never worked on, or changed since they were suspects. */
  readonly #fresh: FairHeap<Urgency>;
  readonly #suspects: FairHeap<Suspect>;
  /** By key, of those whose last round failed or was slow. */
  readonly #records = new Map<string, BadRecord>();
  readonly #rounds = new Map<string, LaneRound>();

  constructor(workers: number, newRank: number) {
    this.#workers = workers;
    this.#limitedWorkers = Math.max(1, Math.floor(workers * LIMITED_SHARE));
    this.#reserved = Math.max(1, Math.floor(workers * MIN_SHARE));
    this.#mostBesideFresh = Math.max(1, this.#limitedWorkers - this.#reserved);
    this.#suspectLimit = new SuspectLimit(this.#reserved, this.#limitedWorkers);
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

  get(key: string): Urgency | undefined {
    return this.#quick.get(key) ?? this.#fresh.get(key) ?? this.#suspects.get(key);
  }

  /** Puts the key among those that wait, in the place of what waited of it. */
  set(key: string, urgency: Urgency): void {
    this.delete(key);
    const record = this.#records.get(key);
    if (record?.isSuspect === true) this.#suspects.set(key, { ...urgency, failures: record.failures });
    else if (record !== undefined || urgency.rank === this.#newRank) this.#fresh.set(key, urgency);
    else this.#quick.set(key, urgency);
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

  /** Takes out the key whose round is to begin now; `undefined` when none may. Each is to be ended. */
  begin(now: Milliseconds): { readonly key: string; readonly urgency: Urgency } | undefined {
    const lane = this.#chooseLane(now);
    const next = lane === undefined ? undefined : this.#laneOf(lane).pop();
    if (lane !== undefined && next !== undefined) this.#rounds.set(next.key, { startedAt: now, lane });
    return next === undefined ? undefined : { key: next.key, urgency: next.item };
  }

  /** The round of the key has ended. */
  end(key: string, now: Milliseconds, hasFailed: boolean): void {
    const round = this.#rounds.get(key);
    this.#rounds.delete(key);
    if (round === undefined) return;
    const { lane, startedAt } = round;
    const isSlow = now - startedAt >= (lane === 'suspect' ? STILL_SLOW_ROUND_MS : SLOW_ROUND_MS);
    if (lane === 'suspect') this.#suspectLimit.ended({ startedAt, endedAt: now, hasFailed, isSlow });
    if (!hasFailed && !isSlow) this.#records.delete(key);
    else {
      const failures = hasFailed ? (this.#records.get(key)?.failures ?? 0) + 1 : 0;
      this.#records.set(key, { failures, isSuspect: true });
    }
  }

  /** When the next of the quick keys' rounds turns slow, so that others may begin; `undefined` if none waits for that. */
  nextRoomAt(now: Milliseconds): Milliseconds | undefined {
    if (this.size === 0) return undefined;
    const turns = [...this.#rounds.values()]
      .filter(({ lane, startedAt }) => lane === 'quick' && now - startedAt < SLOW_ROUND_MS)
      .map(({ startedAt }) => startedAt + SLOW_ROUND_MS);
    return turns.length === 0 ? undefined : Math.min(...turns);
  }

  #laneOf(lane: Lane): FairHeap<Urgency> | FairHeap<Suspect> {
    return { quick: this.#quick, fresh: this.#fresh, suspect: this.#suspects }[lane];
  }

  /** Where the key waits whose turn it is; `undefined` when none may begin. */
  #chooseLane(now: Milliseconds): Lane | undefined {
    const { quick, slow, limited } = this.#countRounds(now);
    if (quick + slow + limited >= this.#workers * MAX_ROUNDS_PER_WORKER) return undefined;
    const mayQuick = quick < this.#workers - Math.min(slow + limited, this.#limitedWorkers);
    const quickFirst = this.#quick.first();
    const limitedLane = this.#chooseLimitedLane();
    const limitedFirst = this.#laneOf(limitedLane).first();
    if (limitedFirst === undefined) return mayQuick ? 'quick' : undefined;
    const isMoreUrgent = quickFirst === undefined || isBefore(limitedFirst, quickFirst);
    const isReserved = limited < this.#reserved;
    const hasHalf = limited < this.#limitedWorkers && quick + limited < this.#workers;
    const isHalfFree = slow + limited < this.#limitedWorkers;
    const mayLimited = hasHalf && (isHalfFree || isReserved || isMoreUrgent);
    if (!mayQuick || quickFirst === undefined) return mayLimited ? limitedLane : undefined;
    const goesFirst = isMoreUrgent || (isReserved && limitedFirst.rank <= quickFirst.rank);
    return mayLimited && goesFirst ? limitedLane : 'quick';
  }

  #chooseLimitedLane(): Lane {
    const suspects = this.#countSuspects();
    const fresh = this.#fresh.first();
    // Renewals that are due again and again would leave none for those that never had a token.
    const most = fresh === undefined ? this.#limitedWorkers : this.#mostBesideFresh;
    const isRoom = suspects < Math.min(most, this.#suspectLimit.limit);
    const suspect = isRoom ? this.#suspects.first() : undefined;
    if (suspect === undefined || fresh === undefined) return suspect === undefined ? 'fresh' : 'suspect';
    const isReserved = suspect.rank < this.#newRank && suspects < this.#reserved;
    return (suspect.failures === 0 || isReserved) && isBefore(suspect, fresh) ? 'suspect' : 'fresh';
  }

  #countSuspects(): number {
    let suspects = 0;
    for (const { lane } of this.#rounds.values()) if (lane === 'suspect') suspects += 1;
    return suspects;
  }

  /** The rounds under way: of quick keys, those that have become slow apart, and of the limited lanes. */
  #countRounds(now: Milliseconds): {
    readonly quick: number;
    readonly slow: number;
    readonly limited: number;
  } {
    const count = { quick: 0, slow: 0, limited: 0 };
    for (const { lane, startedAt } of this.#rounds.values()) {
      if (lane !== 'quick') count.limited += 1;
      else if (now - startedAt >= SLOW_ROUND_MS) count.slow += 1;
      else count.quick += 1;
    }
    return count;
  }
}
