import { findCondition } from '../reconcile/conditions.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { RecordedCondition } from '../resources/recorded-status.ts';
import { STATE_REASONS, type StateReason } from '../resources/reasons.ts';
import type { TokenReading } from '../telemetry/token-series.ts';
import type { Seconds } from '../time/units.ts';

/**
 * The values that the gauges report about a JWT at `now` (since the epoch). Only the leader writes the status, so without a
 * leader it can still say Ready after the token has expired. An expired token is never reported as ready.
 */
export function readingOf({ namespace, name, recorded }: Jwt, now: Seconds): TokenReading {
  const { expiresAt, renewsAt } = recorded;
  const isReady = findCondition(recorded, 'Ready')?.status === 'True';
  return {
    namespace,
    name,
    expiresAt,
    renewsAt,
    ready: isReady && expiresAt !== undefined && expiresAt > now,
    problems: problemsIn(recorded.conditions),
  };
}

const NO_REASONS: readonly StateReason[] = [];

/** All is well, or will be by the next renewal. */
const GOOD: ReadonlySet<string> = new Set<StateReason>(['Signed', 'LegacyToken']);

/** Words of the list only: a label must not hold what another client wrote into a status. */
function problemsIn(conditions: readonly RecordedCondition[]): readonly StateReason[] {
  if (conditions.every(({ reason }) => GOOD.has(reason))) return NO_REASONS; // nearly all JWTs: nothing is made
  const reasons = new Set(conditions.map(({ reason }) => reason));
  return STATE_REASONS.filter((reason) => reasons.has(reason) && !GOOD.has(reason));
}
