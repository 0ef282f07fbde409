import type { Milliseconds } from '../time/units.ts';
import { isMoreUrgent, type Urgency } from './urgency.ts';

/** Slow and failing rounds hold no more of the workers, so that they delay no renewal of others. */
const LIMITED_SHARE = 0.5;
/** The share of workers that fresh keys have whatever comes of all others, and suspects too. */
const MIN_SHARE = 0.125;
/** Extra rounds may start in place of slow ones; this is the maximum that may run for each worker. */
const MAX_ROUNDS_PER_WORKER = 4;

/** The lane that a key waits in. */
export type Lane = 'quick' | LimitedLane;
/** A lane whose rounds may be slow: together they hold no more than half of the workers. */
export type LimitedLane = 'fresh' | 'suspect';

/** A key whose last round failed or was slow. */
export interface Suspect extends Urgency {
  /** When the first of its failed rounds in a row began, by the monotonic clock; `Infinity`: the last one was only slow. */
  readonly failingSince: Milliseconds;
}

/** The first key of each lane; `undefined`: none waits there. */
interface FirstOfLanes {
  readonly quick: Urgency | undefined;
  readonly fresh: Urgency | undefined;
  /** The first that has room (`hasRoomForSuspect`). */
  readonly suspect: Suspect | undefined;
}

/** The numbers of running rounds. */
export interface RoundCounts {
  /** The rounds of quick keys, without those that have become slow. */
  readonly quick: number;
  /** The rounds of quick keys that have become slow. */
  readonly slow: number;
  readonly fresh: number;
  readonly suspect: number;
}

/** The limits for the numbers of running rounds. */
export interface LaneBounds {
  readonly workers: number;
  /** The limit for fresh keys and suspects together. */
  readonly limited: number;
  /** The places reserved for fresh keys, and for suspects: in these they begin whatever waits besides. */
  readonly reserved: number;
  /** The limit for quick keys, with those that have become slow: limited rounds have their own beside them. */
  readonly quickAndSlow: number;
}

/** The facts that decide which lane is next. */
interface LaneChoice {
  readonly bounds: LaneBounds;
  readonly first: FirstOfLanes;
  readonly rounds: RoundCounts;
  /** Whether one of the lane's keys has waited too long. */
  readonly isImpatient: Readonly<Record<Lane, boolean>>;
  /** Whether the first key of the lane is such a one, whose turn it is. */
  readonly isTurn: Readonly<Record<Lane, boolean>>;
  /** The rank of keys that were never worked on: what ranks before it is due. */
  readonly newRank: number;
  /** The lane of the limited round that began last. */
  readonly lastLimited: LimitedLane | undefined;
  /** Whether quick keys have had less of a single worker than the last limited round (`SingleWorker`). */
  readonly isQuickBehind: boolean;
}

/** The bounds for this number of workers. */
export function boundLanes(workers: number): LaneBounds {
  const limited = Math.max(1, Math.floor(workers * LIMITED_SHARE));
  const reserved = Math.max(1, Math.floor(workers * MIN_SHARE));
  return {
    workers,
    limited,
    reserved,
    quickAndSlow: workers * MAX_ROUNDS_PER_WORKER - limited,
  };
}

/**
 * The order of suspects: what is due, then what was only slow, then what began to fail last, then the most urgent. After an
 * outage the JWTs that failed in it go before those that fail always, however many these are.
 */
export function suspectsInOrder(newRank: number): (a: Suspect, b: Suspect) => boolean {
  return (a, b) => {
    const [isDueA, isDueB] = [a.rank < newRank, b.rank < newRank];
    if (isDueA !== isDueB) return isDueA;
    return a.failingSince === b.failingSince ? isMoreUrgent(a, b) : a.failingSince > b.failingSince;
  };
}

/**
 * The lane whose first key is worked on next; `undefined`: no round may begin now. The rule in three sentences: of equal
 * priority the soonest to expire is next, whichever lane it waits in, as far as the lanes have workers and namespaces have had
 * their turns (`WaitingKeys` says which key is the first of a lane). What may fail or be slow
 * holds no more than half of them. What has waited too long gets one of eight turns, however urgent others are.
 *
 * | lane    | keys in it                                           | workers                                         |
 * | ------- | ---------------------------------------------------- | ----------------------------------------------- |
 * | quick   | those whose last round ended well within a second    | all but those that limited and slow rounds have |
 * | fresh   | never worked on, or changed since they were suspects | half, together with suspects; an eighth at least |
 * | suspect | those whose last round failed or was slow            | an eighth to half, by how the last ones went    |
 *
 * - Limited are the rounds of fresh keys and of suspects: they never hold more than half of the workers. Rounds of quick keys
 *   that have become slow count with them, and together they take no more than half away from quick keys. So a thousand JWTs
 *   that fail slowly hardly delay another's renewal.
 * - The more often suspects fail, or slow each other down, the fewer of them are worked on at once (`SuspectLimit`). But what is
 *   due and was only slow begins beyond that limit as long as suspects of its namespace hold less than a quarter of the
 *   workers: so those of several namespaces may have half. Under an API server that answers everybody late, that a key was slow
 *   says nothing about it (`hasRoomForSuspect`).
 * - Under an API server that answers everybody late all rounds are slow, and a renewal that is due may be that of a suspect.
 *   So quick keys that became slow never shut the other lanes, however many of them extra rounds have begun for: an eighth
 *   of the workers is kept for fresh keys and as many for suspects, and a fresh key or a suspect that is more urgent than
 *   all quick ones begins as long as limited rounds hold less than half.
 * - Nor does such a renewal wait behind others' new JWTs, of which more may come than can be worked on: a suspect that was
 *   only slow competes by its urgency, and in the eighth that is kept for suspects they begin before fresh keys, what is due
 *   first, then what began to fail last. Nor do new JWTs wait forever behind suspects: these leave them an eighth. Up to three
 *   workers have only one for both: there the two alternate while the suspect is due, or one of them has waited too long.
 * - Of what is more urgent there may always be more: while a fresh key or a suspect has waited too long, its lane goes before
 *   quick keys as long as its eighth is free, and of eight turns of the lane one belongs to that key (`WaitingKeys`), which
 *   then waits for no other lane. Quick keys have half of the workers as long as their rounds end, and of a single worker half of
 *   its time. So each key gets its round, whatever comes besides.
 */
export function chooseLane(choice: LaneChoice): Lane | undefined {
  if (isTurnOfQuick(choice)) return 'quick';
  const limited = limitedLanesInOrder(choice).find((lane) => mayBeginLimited(choice, lane));
  if (limited !== undefined) return limited;
  return choice.first.quick !== undefined && hasRoomForQuick(choice) ? 'quick' : undefined;
}

/**
 * With a single worker, limited rounds could hold it forever: quick keys that are due, or wait too long, have half of its
 * time.
 */
function isTurnOfQuick(choice: LaneChoice): boolean {
  const { bounds, first, newRank, isImpatient, isQuickBehind } = choice;
  if (bounds.workers > 1 || !isQuickBehind || first.quick === undefined) return false;
  return (isImpatient.quick || first.quick.rank < newRank) && hasRoomForQuick(choice);
}

/** The limited lanes in the order in which they are asked; without those in which no key waits. */
function limitedLanesInOrder(choice: LaneChoice): readonly LimitedLane[] {
  const { first, bounds, lastLimited } = choice;
  const { fresh, suspect } = first;
  if (suspect === undefined) return fresh === undefined ? [] : ['fresh'];
  if (fresh === undefined) return ['suspect'];
  if (!mayPassFresh(choice, suspect, fresh)) return ['fresh'];
  const alternates = bounds.limited === 1;
  return alternates && lastLimited === 'suspect' ? ['fresh', 'suspect'] : ['suspect', 'fresh'];
}

/** Whether the suspect may begin before the fresh key. */
function mayPassFresh(choice: LaneChoice, suspect: Suspect, fresh: Urgency): boolean {
  const { bounds, rounds, newRank, isImpatient, isTurn } = choice;
  const isReserved = rounds.suspect < bounds.reserved;
  if (isTurn.suspect) return true;
  if (isReserved && (bounds.limited > 1 || isImpatient.suspect)) return true;
  const competes =
    suspect.failingSince === Number.POSITIVE_INFINITY || (isReserved && suspect.rank < newRank);
  return competes && isMoreUrgent(suspect, fresh);
}

/** Whether the first key of this lane may begin, and before the first quick key. */
function mayBeginLimited(choice: LaneChoice, lane: LimitedLane): boolean {
  const { bounds, rounds, first, isImpatient, isTurn } = choice;
  const item = first[lane];
  if (item === undefined) return false;
  const limited = countLimited(rounds);
  if (limited >= bounds.limited || rounds.quick + limited >= bounds.workers) return false;
  const isFirst = first.quick === undefined || isMoreUrgent(item, first.quick);
  const isReserved = rounds[lane] < bounds.reserved;
  if (isFirst || isTurn[lane] || (isReserved && isImpatient[lane])) return true;
  if (!isReserved && countSlowAndLimited(rounds) >= bounds.limited) return false;
  return !hasRoomForQuick(choice) || (isReserved && item.rank === first.quick.rank);
}

/** Limited and slow rounds take no more than half of the workers away from quick keys. */
function hasRoomForQuick({ bounds, rounds }: LaneChoice): boolean {
  const taken = Math.min(countSlowAndLimited(rounds), bounds.limited);
  return rounds.quick < bounds.workers - taken && rounds.quick + rounds.slow < bounds.quickAndSlow;
}

function countSlowAndLimited(rounds: RoundCounts): number {
  return rounds.slow + countLimited(rounds);
}

function countLimited({ fresh, suspect }: RoundCounts): number {
  return fresh + suspect;
}
