import {
  boundLanes,
  chooseLane,
  suspectsInOrder,
  type Lane,
  type LaneBounds,
  type LimitedLane,
  type RoundCounts,
  type Suspect,
} from './choose-lane.ts';
import { namespaceOfKey } from '../resources/object-key.ts';
import type { Milliseconds } from '../time/units.ts';
import { SingleWorker } from './single-worker.ts';
import { SuspectLimit } from './suspect-limit.ts';
import { isMoreUrgent, type Urgency } from './urgency.ts';
import { hasRoomForSuspect } from './suspect-room.ts';
import { WaitingKeys, type Turn } from './waiting-keys.ts';

/** The record of a key whose last round failed or was slow. */
interface BadRecord {
  readonly failingSince: Suspect['failingSince'];
  /** False: something about it has changed since. */
  readonly isSuspect: boolean;
}

interface LaneRound {
  readonly namespace: string;
  readonly startedAt: Milliseconds;
  /** When it turns slow. A sum that is made once: rounded, another one may never agree with it about the time that has come. */
  readonly slowAt: Milliseconds;
  readonly lane: Lane;
  /** How many suspects were being worked on when it had begun. */
  readonly suspects: number;
}

/** A round that takes longer is slow: it is a few requests, of milliseconds each. */
const SLOW_ROUND_MS = 1_000;
/** A key that was slow is so until it takes less than this: that it is quicker may be because fewer of its kind are running. */
const STILL_SLOW_ROUND_MS = 250;

/**
 * The keys that wait, each in its lane, and the running rounds. `chooseLane` says which key is next. Times are those of the
 * monotonic clock, in milliseconds.
 */
export class Lanes {
  readonly #bounds: LaneBounds;
  /** The rank of keys that were never worked on. */
  readonly #newRank: number;
  readonly #suspectLimit: SuspectLimit;
  readonly #quick: WaitingKeys<Urgency>;
  /** Never worked on, or changed since they were suspects. */
  readonly #fresh: WaitingKeys<Urgency>;
  readonly #suspects: WaitingKeys<Suspect>;
  /** The records by key, of keys whose last round failed or was slow. */
  readonly #records = new Map<string, BadRecord>();
  readonly #rounds = new Map<string, LaneRound>();
  readonly #singleWorker = new SingleWorker();
  /** The lane of the limited round that began last. */
  #lastLimited: LimitedLane | undefined;

  constructor(workers: number, newRank: number) {
    this.#bounds = boundLanes(workers);
    this.#newRank = newRank;
    this.#suspectLimit = new SuspectLimit(this.#bounds.reserved, this.#bounds.limited);
    this.#quick = new WaitingKeys(isMoreUrgent);
    this.#fresh = new WaitingKeys(isMoreUrgent);
    this.#suspects = new WaitingKeys(suspectsInOrder(newRank));
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
    if (record?.isSuspect === true)
      this.#suspects.set(key, { ...urgency, failingSince: record.failingSince });
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

  /**
   * Something about the key has changed: it goes before those that failed, but not beside those that never did. If it fails
   * again it has failed since then: with changes it would else get ahead of others that failed.
   */
  giveAnotherChance(key: string): void {
    const record = this.#records.get(key);
    if (record !== undefined) this.#records.set(key, { ...record, isSuspect: false });
  }

  /** Takes out the key whose round is to begin now; `undefined` when none may. Each is to be ended. */
  begin(now: Milliseconds): { readonly key: string; readonly urgency: Urgency } | undefined {
    for (const waiting of [this.#quick, this.#fresh, this.#suspects]) waiting.noticeTime(now);
    const rounds = this.#countRounds(now);
    const suspectTurn = this.#suspects.turns.find((turn) => this.#hasRoomForSuspect(turn, rounds));
    const lane = this.#chooseLane(rounds, suspectTurn);
    const next = lane === undefined ? undefined : this.#take(lane, suspectTurn);
    if (lane === undefined || next === undefined) return undefined;
    const namespace = namespaceOfKey(next.key);
    for (const waiting of [this.#quick, this.#fresh, this.#suspects]) waiting.charge(namespace);
    const suspects = rounds.suspect + (lane === 'suspect' ? 1 : 0);
    this.#rounds.set(next.key, { namespace, startedAt: now, slowAt: now + SLOW_ROUND_MS, lane, suspects });
    if (lane !== 'quick') this.#lastLimited = lane;
    return { key: next.key, urgency: next.item };
  }

  /** The round of the key has ended. */
  end(key: string, now: Milliseconds, hasFailed: boolean): void {
    const round = this.#rounds.get(key);
    this.#rounds.delete(key);
    if (round === undefined) return;
    const { lane, startedAt, slowAt, suspects: atOnce } = round;
    this.#singleWorker.ended(lane === 'quick', now - startedAt);
    const isSlow = now >= (lane === 'suspect' ? startedAt + STILL_SLOW_ROUND_MS : slowAt);
    if (lane === 'suspect') this.#suspectLimit.ended({ startedAt, endedAt: now, hasFailed, isSlow, atOnce });
    if (!hasFailed && !isSlow) this.#records.delete(key);
    else {
      const { failingSince: before = Number.POSITIVE_INFINITY } = this.#records.get(key) ?? {};
      const failingSince = hasFailed ? Math.min(before, startedAt) : Number.POSITIVE_INFINITY;
      this.#records.set(key, { failingSince, isSuspect: true });
    }
  }

  /** When the next of the quick keys' rounds turns slow, so that others may begin; `undefined` if none waits for that. */
  nextRoomAt(now: Milliseconds): Milliseconds | undefined {
    if (this.size === 0) return undefined;
    const turns = [...this.#rounds.values()]
      .filter(({ lane, slowAt }) => lane === 'quick' && slowAt > now)
      .map(({ slowAt }) => slowAt);
    return turns.length === 0 ? undefined : Math.min(...turns);
  }

  #take(
    lane: Lane,
    suspectTurn: Turn | undefined,
  ): { readonly key: string; readonly item: Urgency } | undefined {
    if (lane === 'suspect') return this.#suspects.pop(suspectTurn);
    return lane === 'quick' ? this.#quick.pop() : this.#fresh.pop();
  }

  /** Whether the first suspect by that turn may begin. If not, another may: one that fails holds up no renewal. */
  #hasRoomForSuspect(turn: Turn, rounds: RoundCounts): boolean {
    const key = this.#suspects.firstKey(turn);
    const suspect = this.#suspects.first(turn);
    if (key === undefined || suspect === undefined) return false;
    const atWork = {
      bounds: this.#bounds,
      limit: this.#suspectLimit.limit,
      running: rounds.suspect,
      isFreshWaiting: this.#fresh.size > 0,
      newRank: this.#newRank,
    };
    return hasRoomForSuspect(atWork, suspect, this.#countSuspects(namespaceOfKey(key)));
  }

  /** The running rounds of suspects of the namespace. */
  #countSuspects(namespace: string): number {
    let count = 0;
    for (const round of this.#rounds.values())
      if (round.lane === 'suspect' && round.namespace === namespace) count += 1;
    return count;
  }

  #chooseLane(rounds: RoundCounts, suspectTurn: Turn | undefined): Lane | undefined {
    return chooseLane({
      bounds: this.#bounds,
      first: {
        quick: this.#quick.first(),
        fresh: this.#fresh.first(),
        suspect: suspectTurn === undefined ? undefined : this.#suspects.first(suspectTurn),
      },
      isImpatient: {
        quick: this.#quick.hasImpatient,
        fresh: this.#fresh.hasImpatient,
        suspect: this.#suspects.hasImpatient,
      },
      isTurn: {
        quick: this.#quick.turns[0] === 'impatient',
        fresh: this.#fresh.turns[0] === 'impatient',
        suspect: suspectTurn === 'impatient',
      },
      rounds,
      newRank: this.#newRank,
      lastLimited: this.#lastLimited,
      isQuickBehind: this.#singleWorker.isQuickBehind,
    });
  }

  #countRounds(now: Milliseconds): RoundCounts {
    const count = { quick: 0, slow: 0, fresh: 0, suspect: 0 };
    for (const { lane, slowAt } of this.#rounds.values()) {
      const isSlow = lane === 'quick' && now >= slowAt;
      count[isSlow ? 'slow' : lane] += 1;
    }
    return count;
  }
}
