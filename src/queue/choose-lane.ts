import type { Lane, LaneBounds, LimitedLane } from './lane-bounds.ts';
import type { RoundCounts } from './lane-rounds.ts';
import { isDue, isMoreUrgent } from './urgency.ts';
import type { NextKey } from './waiting-keys.ts';

const LIMITED_LANES: readonly LimitedLane[] = ['late', 'suspect', 'fresh'];

/** The facts that decide which lane is next. */
interface LaneChoice {
  readonly bounds: LaneBounds;
  /** The key of each lane whose turn it is; `undefined`: none waits there that has room. */
  readonly next: Readonly<Record<Lane, NextKey | undefined>>;
  readonly rounds: RoundCounts;
  /** Whether one of the lane's keys has waited too long. */
  readonly isImpatient: Readonly<Record<Lane, boolean>>;
  /** The limited lanes, the one first whose last round began longest ago. */
  readonly waitedLongest: readonly LimitedLane[];
  /** Whether quick keys have had less of a single worker than the last limited round (`SingleWorker`). */
  readonly isQuickBehind: boolean;
}

/**
 * The lane whose key is worked on next; `undefined`: no round may begin now.
 *
 * | lane    | keys in it                                           | workers                                            |
 * | ------- | ---------------------------------------------------- | -------------------------------------------------- |
 * | quick   | those whose last round ended well within a second    | all but those that limited and slow rounds have    |
 * | fresh   | never worked on, or changed since they were suspects | half; an eighth at least                           |
 * | late    | those that are due, and whose last round was slow    | an eighth to half, by how slow the last ones were; |
 * |         |                                                      | each namespace a quarter                           |
 * | suspect | others whose last round failed or was slow           | an eighth to half, by how the last ones went       |
 *
 * The most urgent key is next, whichever lane it waits in, within two limits:
 * - What may fail or be slow, in the three limited lanes, holds no more than half of the workers. So a thousand JWTs that fail
 *   after ten seconds each hardly delay another's renewal.
 * - Of what is more urgent there may always be more. So each limited lane has an eighth of the workers whatever waits besides,
 *   quick keys have the half that limited rounds leave, and what has waited too long gets one of eight turns of its lane. Each
 *   key gets its round.
 */
export function chooseLane(choice: LaneChoice): Lane | undefined {
  if (isTurnOfQuick(choice)) return 'quick';
  const limited = limitedLanesInOrder(choice).find((lane) => mayBeginLimited(choice, lane));
  if (limited !== undefined) return limited;
  return choice.next.quick !== undefined && hasRoomForQuick(choice) ? 'quick' : undefined;
}

/**
 * A single worker has no half to leave: limited rounds could hold it forever. So quick keys that are due, or wait too long, have
 * half of its time.
 */
function isTurnOfQuick(choice: LaneChoice): boolean {
  const { bounds, next, isImpatient, isQuickBehind } = choice;
  if (bounds.workers > 1 || !isQuickBehind || next.quick === undefined) return false;
  return (isImpatient.quick || isDue(next.quick.urgency)) && hasRoomForQuick(choice);
}

/**
 * The limited lanes in the order in which they are asked. First are those with less than their eighth, or with a key whose turn
 * it is as it has waited too long; where not each of them can have a place, they take turns. Then late and fresh keys compete by
 * their urgency, and suspects are last.
 */
function limitedLanesInOrder(choice: LaneChoice): readonly LimitedLane[] {
  const { bounds, next, waitedLongest } = choice;
  const lanes = bounds.limited < LIMITED_LANES.length ? waitedLongest : LIMITED_LANES;
  const { fresh, late } = next;
  const isFreshFirst = fresh !== undefined && late !== undefined && isMoreUrgent(fresh.urgency, late.urgency);
  return [
    ...lanes.filter((lane) => goesFirst(choice, lane)),
    ...(isFreshFirst ? (['fresh', 'late'] as const) : (['late', 'fresh'] as const)),
    'suspect',
  ];
}

/**
 * Whether the lane is asked before others. A single place goes to new keys, not to a suspect that is not due, until one has
 * waited too long.
 */
function goesFirst({ bounds, next, rounds, isImpatient }: LaneChoice, lane: LimitedLane): boolean {
  const { [lane]: first } = next;
  if (first === undefined) return false;
  if (first.turn === 'impatient') return true;
  if (rounds[lane] >= bounds.reserved) return false;
  return lane !== 'suspect' || bounds.limited > 1 || isImpatient.suspect || isDue(first.urgency);
}

/**
 * Whether the first key of this lane may begin, and before the first quick key: if it is more urgent, or it is its turn. Others
 * only do where they take nothing from quick keys: in the lane's eighth if they are of the same priority or one waits too long,
 * and in place of rounds of quick keys that have become slow. For under an API server that answers everybody late all rounds are
 * slow, and however many extra rounds of quick keys have begun, these do not shut the other lanes.
 */
function mayBeginLimited(choice: LaneChoice, lane: LimitedLane): boolean {
  const { bounds, rounds, next, isImpatient } = choice;
  const { [lane]: first, quick } = next;
  if (first === undefined || !hasRoomForLimited(choice)) return false;
  if (quick === undefined || isMoreUrgent(first.urgency, quick.urgency)) return true;
  if (first.turn === 'impatient') return true;
  const isReserved = rounds[lane] < bounds.reserved;
  if (isReserved)
    return isImpatient[lane] || first.urgency.rank === quick.urgency.rank || !hasRoomForQuick(choice);
  return countSlowAndLimited(rounds) < bounds.limited && !hasRoomForQuick(choice);
}

/** Limited rounds hold no more than half of the workers, and none that a quick one has that is not slow. */
function hasRoomForLimited({ bounds, rounds }: LaneChoice): boolean {
  const limited = countLimited(rounds);
  return limited < bounds.limited && rounds.quick + limited < bounds.workers;
}

/**
 * Limited and slow rounds take no more than half of the workers away from quick keys. An example: of 32 workers 20 have rounds
 * of quick keys that have become slow, as nobody answers their requests. Not 12 others run besides, but 16.
 */
function hasRoomForQuick({ bounds, rounds }: LaneChoice): boolean {
  const taken = Math.min(countSlowAndLimited(rounds), bounds.limited);
  return rounds.quick < bounds.workers - taken && rounds.quick + rounds.slow < bounds.quickAndSlow;
}

function countSlowAndLimited(rounds: RoundCounts): number {
  return rounds.slow + countLimited(rounds);
}

function countLimited({ fresh, late, suspect }: RoundCounts): number {
  return fresh + late + suspect;
}
