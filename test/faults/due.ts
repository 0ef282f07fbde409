import { setTimeout as sleep } from 'node:timers/promises';
import type { TrackedJwt } from './tracked-jwt.ts';

/** The time of the next renewal in the JWT's status: milliseconds since the epoch, or NaN. */
export function renewalOf({ jwt }: TrackedJwt): number {
  return Date.parse(jwt?.status?.renewsAt ?? '');
}

/** Waits until the earliest of the JWTs' next renewals is due within this time (ms). */
export async function waitUntilDue(jwts: readonly TrackedJwt[], nearMs: number): Promise<void> {
  const dueAt = Math.min(...jwts.map(renewalOf));
  await sleep(Math.max(0, dueAt - nearMs - Date.now()));
}
