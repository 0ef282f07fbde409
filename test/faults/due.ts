import { setTimeout as sleep } from 'node:timers/promises';
import type { TrackedJwt } from './tracked-jwt.ts';

/** When the JWT's status says that it is renewed next: milliseconds since the epoch, or NaN. */
export function renewalOf({ jwt }: TrackedJwt): number {
  return Date.parse(jwt?.status?.renewsAt ?? '');
}

/** Waits until the first of the JWTs' next renewals is so near (ms). */
export async function waitUntilDue(jwts: readonly TrackedJwt[], nearMs: number): Promise<void> {
  const dueAt = Math.min(...jwts.map(renewalOf));
  await sleep(Math.max(0, dueAt - nearMs - Date.now()));
}
