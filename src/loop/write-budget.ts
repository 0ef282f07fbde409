import { findCondition } from '../reconcile/conditions.ts';
import type { Contenders } from '../reconcile/contention.ts';
import type { Outcome } from '../reconcile/outcome.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { MIN_RENEWAL_DISTANCE } from '../signing/schedule.ts';
import type { Seconds } from '../time/units.ts';
import { keepLatest } from './keep-latest.ts';
import { BURST, endOfExcess, levelOf, raiseLevel, waitOf, type CountedWrites } from './write-level.ts';

/**
 * JWTs remembered; each costs some 200 bytes, with a problem some 500. With more, those that wrote longest ago begin with a
 * full budget.
 */
const MAX_ACCOUNTS = 10_000;

/** The record of the writes of one Secret. A renewal that was due does not count among them. */
interface Account extends CountedWrites {
  /** When a renewal that was due was written last; as a token says it, in whole seconds. */
  readonly scheduledAt: Seconds;
  /** Field managers seen in the Secret, and whether that was after the last write; see `Contenders`. */
  readonly contenders: Contenders;
  readonly isSeen: boolean;
  /** The reason why the last write failed; `undefined`: it was made, or met a change of another client. */
  readonly problem: StateProblem | undefined;
  /** The level to fall back to when a write is made: failures are not changes of any client. */
  readonly levelBeforeFailures: number;
  /** The last unscheduled writes that count, oldest first: whether the JWT or its key asked for each. */
  readonly asked: readonly boolean[];
  /** The JWT or its key asked for a write that is held back. The status, written meanwhile, does not show that any more. */
  readonly isHeldAsked: boolean;
}

/** A write of the Secret that was made or failed, or that met a change of another client. */
interface SpentWrite {
  /** The renewal was due. */
  readonly isScheduled?: boolean;
  /** A change of the JWT or of its key asked for it, not one of the Secret. */
  readonly isAsked?: boolean;
  /** Why it failed; `undefined`: it was made, or met a change. */
  readonly problem?: StateProblem | undefined;
}

const NEW: Account = {
  level: 0,
  at: Number.NEGATIVE_INFINITY,
  scheduledAt: Number.NEGATIVE_INFINITY,
  contenders: [],
  isSeen: false,
  problem: undefined,
  levelBeforeFailures: Number.POSITIVE_INFINITY,
  asked: [],
  isHeldAsked: false,
};

/**
 * How often the Secret of a JWT is written without a renewal being due. Somebody who keeps changing it back, or keeps
 * changing a JWT whose Secret cannot be written, would otherwise get as many signatures and writes as they make changes.
 * After five writes at once each next one waits, 1 s … 5 min; only what goes on when the wait is over makes the next one
 * longer. All times are in seconds since the epoch.
 */
export class WriteBudget {
  /** Accounts by the uid of the JWT; those that wrote last are at the end. */
  readonly #accounts = new Map<string, Account>();

  /** The time from which the next unscheduled write may be made; `now` or earlier: at once. */
  nextWriteAt(uid: string, now: Seconds): Seconds {
    const account = this.#accountAt(uid, now);
    return account === undefined ? now : account.at + waitOf(levelOf(account, now));
  }

  /**
   * The time from which a renewal that is due may be written; `now` or earlier: at once. That is so, except that no peer can
   * make renewals due more often than a lifetime could.
   */
  nextRenewalAt(uid: string, now: Seconds): Seconds {
    const { scheduledAt } = this.#accounts.get(uid) ?? NEW;
    const isClockSetBack = scheduledAt - now >= MIN_RENEWAL_DISTANCE;
    return isClockSetBack ? now : scheduledAt + MIN_RENEWAL_DISTANCE;
  }

  /**
   * More was written than is written at once, failed writes not counted: the Secret, the JWT or its key keeps changing. `more`:
   * unscheduled writes that are about to be made.
   */
  isContended(uid: string, now: Seconds, more = 0): boolean {
    const account = this.#accountAt(uid, now);
    if (account === undefined) return false;
    return Math.min(levelOf(account, now), account.levelBeforeFailures) + more > BURST;
  }

  /** When it is no longer contended if nothing is written until then, in seconds since the epoch; `undefined`: it is not. */
  endOfContention(uid: string, now: Seconds): Seconds | undefined {
    const account = this.#accountAt(uid, now);
    if (account === undefined || !this.isContended(uid, now)) return undefined;
    return endOfExcess(account);
  }

  /** Why the last write of the Secret failed, if it did. */
  problem(uid: string): StateProblem | undefined {
    return this.#accounts.get(uid)?.problem;
  }

  /**
   * If an earlier process found the Secret contended and said so, that holds on until it has been quiet for a while here, too:
   * a restart alone writes nothing. Does nothing for a JWT that was written in this process.
   */
  resume({ uid, recorded }: Pick<Jwt, 'uid' | 'recorded'>, now: Seconds): void {
    if (this.#accounts.has(uid) || findCondition(recorded, 'Contended') === undefined) return;
    this.#keepNewest(uid, { ...NEW, level: BURST + 1, at: now, contenders: 'recorded' });
  }

  /** A write is held back; `isAsked` as in `SpentWrite`. */
  noteHeld(uid: string, isAsked: boolean): void {
    const account = this.#accounts.get(uid);
    if (account !== undefined && isAsked) this.#replace(uid, { ...account, isHeldAsked: true });
  }

  /** Whether the JWT or its key asked for a write that was held back, and was not made yet. */
  isHeldAsked(uid: string): boolean {
    return this.#accounts.get(uid)?.isHeldAsked ?? false;
  }

  /** Counts a write. Those that failed count until one is made: they are not changes of any client. */
  spend(uid: string, now: Seconds, { isScheduled = false, isAsked = false, problem }: SpentWrite): void {
    const account = this.#accountAt(uid, now) ?? NEW;
    const isMade = problem === undefined;
    const counted = isScheduled ? account.level : levelOf(account, now); // `at` stays, so the level does
    const withoutFailures = Math.min(counted, account.levelBeforeFailures);
    const level = isMade ? withoutFailures : counted;
    const asked = isMade ? [...latest(account.asked, withoutFailures), isAsked] : account.asked;
    this.#keepNewest(uid, {
      ...account,
      ...(isScheduled
        ? { level, scheduledAt: Math.floor(now) }
        : { level: raiseLevel(level), at: now, asked }),
      problem,
      levelBeforeFailures: isMade ? Number.POSITIVE_INFINITY : withoutFailures,
      isSeen: false,
      isHeldAsked: account.isHeldAsked && !(isMade && isAsked),
    });
  }

  /**
   * The field managers that `look` finds in the Secret, asked once per write; when it finds none, those found before. Not asked
   * if most changes were not made to the Secret, or none that this process knows of: an old entry there would accuse somebody.
   */
  async findContenders(uid: string, look: () => Promise<readonly string[]>): Promise<Contenders> {
    const account = this.#accounts.get(uid);
    if (account?.isSeen === false && !isMostlyAsked(account) && !isOnlyAsked(account)) {
      const seen = await look();
      const contenders = seen.length > 0 ? seen : account.contenders;
      if (this.#accounts.get(uid) === account) this.#replace(uid, { ...account, isSeen: true, contenders });
    }
    return this.contendersNow(uid);
  }

  /** The outcome of a round with those who make the Secret contended, if it is. `more` is explained at `isContended`. */
  addContenders(
    uid: string,
    outcome: Outcome,
    { now, more = 0 }: { readonly now: Seconds; readonly more?: number },
  ): Outcome {
    return this.isContended(uid, now, more) ? { ...outcome, contenders: this.contendersNow(uid) } : outcome;
  }

  /** The contenders as found last. */
  contendersNow(uid: string): Contenders {
    const account = this.#accounts.get(uid) ?? NEW;
    return isMostlyAsked(account) ? 'author' : account.contenders;
  }

  forget(uid: string): void {
    this.#accounts.delete(uid);
  }

  /** After the clock was set back the last write counts as made now: it makes no wait longer. */
  #accountAt(uid: string, now: Seconds): Account | undefined {
    const account = this.#accounts.get(uid);
    if (account === undefined || account.at <= now) return account;
    const corrected = { ...account, at: now };
    this.#replace(uid, corrected);
    return corrected;
  }

  /** Replaces an account without a write: it stays where it is in the order of writes. */
  #replace(uid: string, account: Account): void {
    this.#accounts.set(uid, account);
  }

  #keepNewest(uid: string, account: Account): void {
    keepLatest(this.#accounts, uid, account, MAX_ACCOUNTS);
  }
}

/** The entries of the writes that count at that level. With the next one they are as many as make a Secret contended. */
function latest(asked: readonly boolean[], level: number): readonly boolean[] {
  const count = Math.min(level, BURST);
  return count === 0 ? [] : asked.slice(-count);
}

/** Whether more than half of the writes that make a Secret contended were asked for by the JWT or its key. */
function isMostlyAsked({ asked }: Account): boolean {
  return asked.filter(Boolean).length > (BURST + 1) / 2;
}

/** Whether changes of the Secret are only known from an earlier process: all that this one saw were of the JWT or its key. */
function isOnlyAsked({ asked, isHeldAsked }: Account): boolean {
  return asked.length === 0 ? isHeldAsked : asked.every(Boolean);
}
