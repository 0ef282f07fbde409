import { setTimeout as sleep } from 'node:timers/promises';
import type { TrackedJwt } from './tracked-jwt.ts';

/** Waits until the first of the JWTs' next renewals is so near (ms). */
export async function waitUntilDue(jwts: readonly TrackedJwt[], nearMs: number): Promise<void> {
  const dueAt = Math.min(...jwts.map((jwt) => Date.parse(jwt.jwt?.status?.renewsAt ?? '')));
  await sleep(Math.max(0, dueAt - nearMs - Date.now()));
}
