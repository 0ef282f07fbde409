import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { wholeTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';
import { findCondition, recordConditions, type Condition } from './conditions.ts';

/**
 * The `status` after a round that could not even find out how things are: what was recorded of token and key stays, but
 * whether the Secret holds a valid token is not known. Times in seconds since the epoch.
 */
export function doubtfulStatus(
  { generation, recorded }: Jwt,
  { reason, message }: StateProblem,
  nextAttemptAt: Seconds,
  now: Seconds,
): RecordedStatus {
  const doubts: Condition[] = [{ type: 'Ready', status: 'Unknown', reason, message }];
  if (findCondition(recorded, 'KeyAvailable') === undefined)
    doubts.push({ type: 'KeyAvailable', status: 'Unknown', reason, message });
  const kept = recorded.conditions.filter(({ type }) => doubts.every((doubt) => doubt.type !== type));
  return {
    ...recorded,
    conditions: [...recordConditions(doubts, recorded, generation, now), ...kept],
    nextAttemptAt: wholeTime(nextAttemptAt),
  };
}
