import { KeyedHeap } from './heap.ts';
import type { Milliseconds } from '../time/units.ts';

/** What makes a waiting key more urgent than another. */
export interface Ready {
  /** Its priority; the lowest goes first. */
  readonly rank: number;
  readonly expiresAt: Milliseconds;
  readonly sequence: number;
}

interface Held extends Ready {
  /** Runs in a row that failed or were slow. */
  readonly badRuns: number;
}

interface Run {
  readonly startedAt: Milliseconds;
  readonly isHeld: boolean;
  /** The last run of the key failed or was slow. */
  readonly isSuspect: boolean;
}

/** A run that takes longer is slow: a round is a few requests, of milliseconds each. */
const SLOW_MS = 1_000;
/** A key that was slow is so until it takes less than this: that it is quicker may be because fewer of its kind run at once. */
const STILL_SLOW_MS = 250;
/** Slow and failing runs hold no more of the workers (contract §1). */
const HELD_SHARE = 0.5;
/**
 * Those that failed or were slow before may hold less: half as many after each that was so again, one more after each that
 * was not, and never fewer than this share. Many writes of 240 KiB at once make an API server answer everybody late.
 */
const LEAST_SHARE = 0.125;
/** Runs that turn slow are made up for by further ones; so many times the workers is the most that run at once. */
const MOST_RUNS = 4;

const isBefore = (a: Ready, b: Ready): boolean =>
  a.rank < b.rank ||
  (a.rank === b.rank &&
    (a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.sequence < b.sequence)));

/**
 * Which key is worked on next. A key whose last run ended well within a second may use every worker. All others share
 * half of them: those whose last run failed or was slow, and those that were never worked on, as they may turn out
 * so; among these the ones that failed least go first. So a thousand JWTs that fail slowly delay no other's renewal. And
 * the more often they are slow or fail, the fewer of them run at once.
 * Times are those of the monotonic clock, in milliseconds.
 */
export class Lanes {
  readonly #workers: number;
  readonly #heldWorkers: number;
  readonly #leastSuspects: number;
  /** The rank of keys that were never worked on. */
  readonly #newRank: number;
  /** So many keys that failed or were slow before may run at once now. */
  #mostSuspects: number;
  readonly #quick = new KeyedHeap<Ready>(isBefore);
  readonly #held = new KeyedHeap<Held>(
    (a, b) => a.badRuns < b.badRuns || (a.badRuns === b.badRuns && isBefore(a, b)),
  );
  readonly #badRuns = new Map<string, number>();
  readonly #runs = new Map<string, Run>();

  constructor(workers: number, newRank: number) {
    this.#workers = workers;
    this.#heldWorkers = Math.max(1, Math.floor(workers * HELD_SHARE));
    this.#leastSuspects = Math.max(1, Math.floor(workers * LEAST_SHARE));
    this.#mostSuspects = this.#heldWorkers;
    this.#newRank = newRank;
  }

  /** Keys that wait. */
  get size(): number {
    return this.#quick.size + this.#held.size;
  }

  get(key: string): Ready | undefined {
    return this.#quick.get(key) ?? this.#held.get(key);
  }

  /** Puts the key among those that wait, in the place of what waited of it. */
  set(key: string, ready: Ready): void {
    this.delete(key);
    const badRuns = this.#badRuns.get(key);
    if (badRuns === undefined && ready.rank !== this.#newRank) this.#quick.set(key, ready);
    else this.#held.set(key, { ...ready, badRuns: badRuns ?? 0 });
  }

  delete(key: string): void {
    this.#quick.delete(key);
    this.#held.delete(key);
  }

  /** The key does not exist any more. */
  forget(key: string): void {
    this.delete(key);
    this.#badRuns.delete(key);
  }

  /** Something about the key has changed: it goes before those that failed, but not beside those that never did. */
  giveAnotherChance(key: string): void {
    if (this.#badRuns.has(key)) this.#badRuns.set(key, 0);
  }

  /** Takes out the key whose run is to begin now; `undefined` when none may. Each is to be ended. */
  begin(now: Milliseconds): { readonly key: string; readonly item: Ready } | undefined {
    const burdens = this.#countBurdens(now);
    const quickRuns = this.#runs.size - burdens;
    const isRoom = this.#runs.size < this.#workers * MOST_RUNS;
    const mayQuick = isRoom && quickRuns < this.#workers - Math.min(burdens, this.#heldWorkers);
    const mayHeld = burdens < this.#heldWorkers && this.#runs.size < this.#workers;
    const quick = mayQuick ? this.#quick.first() : undefined;
    const first = mayHeld ? this.#held.first() : undefined;
    const isSuspect = first !== undefined && first.badRuns > 0;
    const held = isSuspect && this.#countSuspects() >= this.#mostSuspects ? undefined : first;
    const isHeld = held !== undefined && (quick === undefined || isBefore(held, quick));
    const next = isHeld ? this.#held.pop() : quick === undefined ? undefined : this.#quick.pop();
    if (next !== undefined)
      this.#runs.set(next.key, { startedAt: now, isHeld, isSuspect: isHeld && isSuspect });
    return next;
  }

  /** The run of the key has ended. */
  end(key: string, now: Milliseconds, hasFailed: boolean): void {
    const run = this.#runs.get(key);
    this.#runs.delete(key);
    if (run === undefined) return;
    const isBad = hasFailed || now - run.startedAt >= (run.isSuspect ? STILL_SLOW_MS : SLOW_MS);
    if (run.isSuspect) {
      this.#mostSuspects = isBad
        ? Math.max(this.#leastSuspects, Math.floor(this.#mostSuspects / 2))
        : Math.min(this.#heldWorkers, this.#mostSuspects + 1);
    }
    if (isBad) this.#badRuns.set(key, (this.#badRuns.get(key) ?? 0) + 1);
    else this.#badRuns.delete(key);
  }

  /** When the next of the runs turns slow, so that others may begin; `undefined` if none waits for that. */
  nextRoomAt(now: Milliseconds): Milliseconds | undefined {
    if (this.#quick.size === 0) return undefined;
    const turns = [...this.#runs.values()]
      .filter((run) => !isBurden(run, now))
      .map(({ startedAt }) => startedAt + SLOW_MS);
    return turns.length === 0 ? undefined : Math.min(...turns);
  }

  #countSuspects(): number {
    let suspects = 0;
    for (const { isSuspect } of this.#runs.values()) if (isSuspect) suspects += 1;
    return suspects;
  }

  #countBurdens(now: Milliseconds): number {
    let burdens = 0;
    for (const run of this.#runs.values()) if (isBurden(run, now)) burdens += 1;
    return burdens;
  }
}

function isBurden({ startedAt, isHeld }: Run, now: Milliseconds): boolean {
  return isHeld || now - startedAt >= SLOW_MS;
}
