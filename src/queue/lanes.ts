import { namespaceOfKey } from '../resources/object-key.ts';
import type { Milliseconds } from '../time/units.ts';
import { chooseLane } from './choose-lane.ts';
import { boundLanes, type Lane, type LaneBounds, type LimitedLane } from './lane-bounds.ts';
import { LaneRounds, type RoundCounts } from './lane-rounds.ts';
import { SingleWorker } from './single-worker.ts';
import { SuspectLimit } from './suspect-limit.ts';
import { isSuspectBefore, wasOnlySlow, type Suspect } from './suspect.ts';
import { isDue, isMoreUrgent, isNew, type Urgency } from './urgency.ts';
import { WaitingKeys, type NextKey } from './waiting-keys.ts';

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
  readonly #limits: Readonly<Record<'late' | 'suspect', SuspectLimit>>;
  readonly #waiting = {
    quick: new WaitingKeys<Urgency>(isMoreUrgent),
    fresh: new WaitingKeys<Urgency>(isMoreUrgent),
    late: new WaitingKeys<Urgency>(isMoreUrgent),
    suspect: new WaitingKeys<Suspect>(isSuspectBefore),
  };
  readonly #all = Object.values(this.#waiting);
  /** The records by key, of keys whose last round failed or was slow. */
  readonly #records = new Map<string, BadRecord>();
  readonly #rounds = new LaneRounds();
  readonly #singleWorker = new SingleWorker();
  /** The limited lanes, the one first whose last round began longest ago. */
  #waitedLongest: readonly LimitedLane[] = ['late', 'suspect', 'fresh'];

  constructor(workers: number) {
    this.#bounds = boundLanes(workers);
    const { reserved, limited } = this.#bounds;
    this.#limits = {
      late: new SuspectLimit(reserved, limited),
      suspect: new SuspectLimit(reserved, limited),
    };
  }

  /** Keys that wait. */
  get size(): number {
    return this.#all.reduce((size, waiting) => size + waiting.size, 0);
  }

  get(key: string): Urgency | undefined {
    const { quick, fresh, late, suspect } = this.#waiting;
    return quick.get(key) ?? fresh.get(key) ?? late.get(key) ?? suspect.get(key);
  }

  /** Puts the key among those that wait, in the place of what waited of it. */
  set(key: string, urgency: Urgency): void {
    this.delete(key);
    const { quick, fresh, late, suspect } = this.#waiting;
    const record = this.#records.get(key);
    if (record === undefined) (isNew(urgency) ? fresh : quick).set(key, urgency);
    else if (!record.isSuspect) fresh.set(key, urgency);
    else if (wasOnlySlow(record) && isDue(urgency)) late.set(key, urgency);
    else suspect.set(key, { ...urgency, failingSince: record.failingSince });
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
    const rounds = this.#rounds.count(now);
    const next = this.#nextOfLanes(rounds);
    const lane = this.#chooseLane(rounds, next);
    if (lane === undefined) return undefined;
    const { [lane]: chosen } = next;
    if (chosen === undefined) return undefined;
    const namespace = namespaceOfKey(chosen.key);
    const { [lane]: own } = this.#waiting;
    own.take(chosen);
    for (const waiting of this.#all) if (waiting !== own) waiting.chargeElsewhere(namespace);
    this.#rounds.begin(chosen.key, { lane, namespace, now, before: rounds });
    if (lane !== 'quick')
      this.#waitedLongest = [...this.#waitedLongest.filter((each) => each !== lane), lane];
    return chosen;
  }

  /** The round of the key has ended. */
  end(key: string, now: Milliseconds, hasFailed: boolean): void {
    const round = this.#rounds.end(key);
    if (round === undefined) return;
    const { lane, startedAt, slowAt, atOnce } = round;
    const wasSuspect = lane === 'late' || lane === 'suspect';
    this.#singleWorker.ended(lane === 'quick', now - startedAt);
    const isSlow = now >= (wasSuspect ? startedAt + STILL_SLOW_ROUND_MS : slowAt);
    if (wasSuspect) this.#limits[lane].ended({ startedAt, endedAt: now, hasFailed, isSlow, atOnce });
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
   * The key of each lane whose turn it is, if there is room for it. In the late lane there is beyond its limit, too, for
   * namespaces with less than their share, whatever others have: where all is slow, that a key was slow says nothing about it.
   */
  #nextOfLanes(rounds: RoundCounts): Readonly<Record<Lane, NextKey | undefined>> {
    const { quick, fresh, late, suspect } = this.#waiting;
    const { limit, isMeasuring } = this.#limits.late;
    const share = isMeasuring ? this.#bounds.reserved : this.#bounds.ofNamespace;
    const hasRoom = (namespace: string): boolean =>
      rounds.late < limit || this.#rounds.countOf('late', namespace) < share;
    return {
      quick: quick.next(),
      fresh: fresh.next(),
      late: late.next(hasRoom),
      suspect: rounds.suspect < this.#limits.suspect.limit ? suspect.next() : undefined,
    };
  }

  #chooseLane(rounds: RoundCounts, next: Readonly<Record<Lane, NextKey | undefined>>): Lane | undefined {
    const { quick, fresh, late, suspect } = this.#waiting;
    return chooseLane({
      bounds: this.#bounds,
      next,
      rounds,
      isImpatient: {
        quick: quick.hasImpatient,
        fresh: fresh.hasImpatient,
        late: late.hasImpatient,
        suspect: suspect.hasImpatient,
      },
      waitedLongest: this.#waitedLongest,
      isQuickBehind: this.#singleWorker.isQuickBehind,
    });
  }
}
