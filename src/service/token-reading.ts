import { findCondition } from '../reconcile/conditions.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { TokenReading } from '../telemetry/token-series.ts';

/**
 * What the gauges say of a JWT at `now` (milliseconds since the epoch). The status is written by whoever leads, and when
 * nobody does it goes on to say Ready: an expired token is not, whatever it says.
 */
export function readingOf({ namespace, name, recorded }: Jwt, now: number): TokenReading {
  const expiresAt = milliseconds(recorded.expiresAt);
  const isReady = findCondition(recorded, 'Ready')?.status === 'True';
  return {
    namespace,
    name,
    expiresAt,
    renewsAt: milliseconds(recorded.renewsAt),
    ready: isReady && expiresAt !== undefined && expiresAt > now,
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
