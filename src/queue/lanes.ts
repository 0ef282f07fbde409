import { namespaceOfKey } from '../resources/object-key.ts';
import type { Milliseconds } from '../time/units.ts';
import { chooseLane } from './choose-lane.ts';
import { boundLanes, type Lane, type LaneBounds, type LimitedLane } from './lane-bounds.ts';
import { LaneRounds, type RoundCounts } from './lane-rounds.ts';
import { SingleWorker } from './single-worker.ts';
import { SuspectLimit } from './suspect-limit.ts';
import { hasRoomForSuspect } from './suspect-room.ts';
import { isSuspectBefore, type Suspect } from './suspect.ts';
import { isMoreUrgent, isNew, type Urgency } from './urgency.ts';
import { WaitingKeys, type Turn } from './waiting-keys.ts';

/** The record of a key whose last round failed or was slow. */
interface BadRecord {
  readonly failingSince: Suspect['failingSince'];
  /** False: something about it has changed since. */
  readonly isSuspect: boolean;
}

/** A key that was slow is so until it takes less than this: that it is quicker may be because fewer of its kind are running. */
const STILL_SLOW_ROUND_MS = 250;

/**
 * The keys that wait, each in its lane, and the running rounds. `chooseLane` says which key is next. Times are those of the
 * monotonic clock, in milliseconds.
 */
export class Lanes {
  readonly #bounds: LaneBounds;
  readonly #suspectLimit: SuspectLimit;
  readonly #quick = new WaitingKeys<Urgency>(isMoreUrgent);
  readonly #fresh = new WaitingKeys<Urgency>(isMoreUrgent);
  readonly #suspects = new WaitingKeys<Suspect>(isSuspectBefore);
  readonly #all = [this.#quick, this.#fresh, this.#suspects];
  /** The records by key, of keys whose last round failed or was slow. */
  readonly #records = new Map<string, BadRecord>();
  readonly #rounds = new LaneRounds();
  readonly #singleWorker = new SingleWorker();
  /** The lane of the limited round that began last. */
  #lastLimited: LimitedLane | undefined;

  constructor(workers: number) {
    this.#bounds = boundLanes(workers);
    this.#suspectLimit = new SuspectLimit(this.#bounds.reserved, this.#bounds.limited);
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
    else if (record !== undefined || isNew(urgency)) this.#fresh.set(key, urgency);
    else this.#quick.set(key, urgency);
  }

  delete(key: string): void {
    for (const waiting of this.#all) waiting.delete(key);
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
    for (const waiting of this.#all) waiting.noticeTime(now);
    const before = this.#rounds.count(now);
    const suspectTurn = this.#findTurnOfSuspects(before);
    const lane = this.#chooseLane(before, suspectTurn);
    const next = lane === undefined ? undefined : this.#take(lane, suspectTurn);
    if (lane === undefined || next === undefined) return undefined;
    const namespace = namespaceOfKey(next.key);
    for (const waiting of this.#all) waiting.charge(namespace);
    this.#rounds.begin(next.key, { lane, namespace, now, before });
    if (lane !== 'quick') this.#lastLimited = lane;
    return { key: next.key, urgency: next.item };
  }

  /** The round of the key has ended. */
  end(key: string, now: Milliseconds, hasFailed: boolean): void {
    const round = this.#rounds.end(key);
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
    return this.size === 0 ? undefined : this.#rounds.nextSlowAt(now);
  }

  /**
   * The turn of the suspects by which the first one may begin; `undefined`: none may. Others count where the first of one has no
   * room: one that fails holds up no renewal.
   */
  #findTurnOfSuspects(rounds: RoundCounts): Turn | undefined {
    return this.#suspects.turns.find((turn) => {
      const key = this.#suspects.firstKey(turn);
      const suspect = this.#suspects.first(turn);
      if (key === undefined || suspect === undefined) return false;
      const atWork = {
        bounds: this.#bounds,
        limit: this.#suspectLimit.limit,
        running: rounds.suspect,
        isFreshWaiting: this.#fresh.size > 0,
      };
      return hasRoomForSuspect(atWork, suspect, this.#rounds.countSuspects(namespaceOfKey(key)));
    });
  }

  #chooseLane(rounds: RoundCounts, suspectTurn: Turn | undefined): Lane | undefined {
    return chooseLane({
      bounds: this.#bounds,
      first: {
        quick: this.#quick.first(),
        fresh: this.#fresh.first(),
        suspect: suspectTurn === undefined ? undefined : this.#suspects.first(suspectTurn),
      },
      rounds,
      isImpatient: {
        quick: this.#quick.hasImpatient,
        fresh: this.#fresh.hasImpatient,
        suspect: this.#suspects.hasImpatient,
      },
      isTurn: {
        fresh: this.#fresh.turns[0] === 'impatient',
        suspect: suspectTurn === 'impatient',
      },
      lastLimited: this.#lastLimited,
      isQuickBehind: this.#singleWorker.isQuickBehind,
    });
  }

  #take(
    lane: Lane,
    suspectTurn: Turn | undefined,
  ): { readonly key: string; readonly item: Urgency } | undefined {
    if (lane === 'suspect') return this.#suspects.pop(suspectTurn);
    return lane === 'quick' ? this.#quick.pop() : this.#fresh.pop();
  }
}
