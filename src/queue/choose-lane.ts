import type { Lane, LaneBounds, LimitedLane } from './lane-bounds.ts';
import type { RoundCounts } from './lane-rounds.ts';
import { wasOnlySlow, type Suspect } from './suspect.ts';
import { isDue, isMoreUrgent, type Urgency } from './urgency.ts';

/** The facts that decide which lane is next. */
interface LaneChoice {
  readonly bounds: LaneBounds;
  /** The first key of each lane, as `WaitingKeys` says; `undefined`: none waits there. */
  readonly first: {
    readonly quick: Urgency | undefined;
    readonly fresh: Urgency | undefined;
    /** The first that has room (`hasRoomForSuspect`). */
    readonly suspect: Suspect | undefined;
  };
  readonly rounds: RoundCounts;
  /** Whether one of the lane's keys has waited too long. */
  readonly isImpatient: Readonly<Record<Lane, boolean>>;
  /** Whether the first key of the lane is such a one, whose turn it is. */
  readonly isTurn: Readonly<Record<LimitedLane, boolean>>;
  /** The lane of the limited round that began last. */
  readonly lastLimited: LimitedLane | undefined;
  /** Whether quick keys have had less of a single worker than the last limited round (`SingleWorker`). */
  readonly isQuickBehind: boolean;
}

/**
 * The lane whose first key is worked on next; `undefined`: no round may begin now.
 *
 * | lane    | keys in it                                           | workers                                         |
 * | ------- | ---------------------------------------------------- | ----------------------------------------------- |
 * | quick   | those whose last round ended well within a second    | all but those that limited and slow rounds have |
 * | fresh   | never worked on, or changed since they were suspects | half, together with suspects; an eighth at least |
 * | suspect | those whose last round failed or was slow            | an eighth to half, by how the last ones went    |
 *
 * The most urgent key is next, whichever lane it waits in, within two limits:
 * - What may fail or be slow holds no more than half of the workers. So a thousand JWTs that fail after ten seconds each hardly
 *   delay another's renewal.
 * - Of what is more urgent there may always be more. So each limited lane has an eighth of the workers whatever waits besides,
 *   quick keys have the half that limited rounds leave, and what has waited too long gets one of eight turns of its lane. Each
 *   key gets its round.
 */
export function chooseLane(choice: LaneChoice): Lane | undefined {
  if (isTurnOfQuick(choice)) return 'quick';
  const limited = limitedLanesInOrder(choice).find((lane) => mayBeginLimited(choice, lane));
  if (limited !== undefined) return limited;
  return choice.first.quick !== undefined && hasRoomForQuick(choice) ? 'quick' : undefined;
}

/**
 * A single worker has no half to leave: limited rounds could hold it forever. So quick keys that are due, or wait too long, have
 * half of its time.
 */
function isTurnOfQuick(choice: LaneChoice): boolean {
  const { bounds, first, isImpatient, isQuickBehind } = choice;
  if (bounds.workers > 1 || !isQuickBehind || first.quick === undefined) return false;
  return (isImpatient.quick || isDue(first.quick)) && hasRoomForQuick(choice);
}

/**
 * The limited lanes in the order in which they are asked. Up to three workers have one place for both lanes: there they
 * alternate.
 */
function limitedLanesInOrder(choice: LaneChoice): readonly LimitedLane[] {
  const { bounds, first, lastLimited } = choice;
  const { fresh, suspect } = first;
  if (suspect === undefined) return ['fresh'];
  if (fresh !== undefined && !mayPassFresh(choice, suspect, fresh)) return ['fresh'];
  const isTurnOfFresh = hasOnePlace(bounds) && lastLimited === 'suspect';
  return isTurnOfFresh ? ['fresh', 'suspect'] : ['suspect', 'fresh'];
}

/**
 * Whether the suspect may begin before the fresh key. A renewal does not wait behind new JWTs, of which more may come than can be
 * worked on: in the eighth that is kept for suspects they go first. Beyond it those that were only slow compete by their
 * urgency. Where one place is all there is, a suspect competes if it is due, and goes first once one has waited too long.
 */
function mayPassFresh(choice: LaneChoice, suspect: Suspect, fresh: Urgency): boolean {
  const { bounds, rounds, isImpatient, isTurn } = choice;
  if (isTurn.suspect) return true;
  const isReserved = rounds.suspect < bounds.reserved;
  if (isReserved && (isImpatient.suspect || !hasOnePlace(bounds))) return true;
  const competes = wasOnlySlow(suspect) || (isReserved && isDue(suspect));
  return competes && isMoreUrgent(suspect, fresh);
}

function hasOnePlace({ limited }: LaneBounds): boolean {
  return limited === 1;
}

/**
 * Whether the first key of this lane may begin, and before the first quick key: if it is more urgent, or it is its turn. Others
 * only do where they take nothing from quick keys: in the lane's eighth if they are of the same priority or one waits too long,
 * and in place of rounds of quick keys that have become slow. For under an API server that answers everybody late all rounds are
 * slow, and however many extra rounds of quick keys have begun, these do not shut the other lanes.
 */
function mayBeginLimited(choice: LaneChoice, lane: LimitedLane): boolean {
  const { bounds, rounds, first, isImpatient, isTurn } = choice;
  const { [lane]: item, quick } = first;
  if (item === undefined || !hasRoomForLimited(choice)) return false;
  if (quick === undefined || isMoreUrgent(item, quick) || isTurn[lane]) return true;
  const isReserved = rounds[lane] < bounds.reserved;
  if (isReserved) return isImpatient[lane] || item.rank === quick.rank || !hasRoomForQuick(choice);
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

function countLimited({ fresh, suspect }: RoundCounts): number {
  return fresh + suspect;
}
