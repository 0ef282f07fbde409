import { findCondition } from '../reconcile/conditions.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { TokenReading } from '../telemetry/token-series.ts';
import type { Seconds } from '../time/units.ts';

/**
 * What the gauges say of a JWT at `now` (since the epoch). The status is written by whoever leads, and when nobody does
 * it goes on to say Ready: an expired token is not, whatever it says.
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
  };
}
