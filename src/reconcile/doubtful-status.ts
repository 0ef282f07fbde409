import { arrayMember, isJsonObject, type JsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { findCondition, storeConditions, type Condition } from './conditions.ts';
import { formatTime } from '../time/format-time.ts';

/**
 * The `status` after a round that could not even find out how things are: what was recorded of token and key stays, but
 * whether the Secret holds a valid token is not known. Times in seconds since the epoch.
 */
export function doubtfulStatus(
  { generation, status }: Jwt,
  { reason, message }: StateProblem,
  retryAt: number,
  now: number,
): JsonObject {
  const doubts: Condition[] = [{ type: 'Ready', status: 'Unknown', reason, message }];
  if (findCondition(status, 'KeyAvailable') === undefined)
    doubts.push({ type: 'KeyAvailable', status: 'Unknown', reason, message });
  const kept = arrayMember(status, 'conditions')
    .filter(isJsonObject)
    .filter(({ type }) => doubts.every((doubt) => doubt.type !== type));
  return {
    ...status,
    conditions: [...storeConditions(doubts, status, generation, formatTime(now)), ...kept],
    nextAttemptAt: formatTime(retryAt),
  };
}
