import { setTimeout as sleep } from 'node:timers/promises';
import { ControlPlaneError } from './control-plane-error.ts';

const POLL_MS = 25;

/**
 * Asks `condition` again and again until it gives something else than `undefined` or `false`, and resolves
 * to that. What it throws is thrown on. After `deadlineMs` a ControlPlaneError says what was waited for.
 */
export async function waitUntil<T>(
  what: string,
  deadlineMs: number,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > end) {
      throw new ControlPlaneError(`waited ${Math.round(deadlineMs / 1000)} s for ${what}, in vain`);
    }
    await sleep(POLL_MS);
  }
}
