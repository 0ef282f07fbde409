import { setTimeout as sleep } from 'node:timers/promises';
import { ControlPlaneError } from './control-plane-error.ts';

const MIN_PAUSE_MS = 25;
/**
 * With short pauses, a long wait would ask a thousand times, which costs the others more time than a longer
 * last pause costs us.
 */
const MAX_PAUSE_MS = 250;
/** The pause is this part of the time so far. */
const PAUSE_PART = 1 / 10;

/**
 * Calls `condition` again and again until it gives something other than `undefined` or `false`, and resolves
 * to that. Passes on what it throws. After `deadlineMs` it throws a ControlPlaneError that says what was
 * waited for.
 */
export async function waitUntil<T>(
  what: string,
  deadlineMs: number,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const start = performance.now();
  for (;;) {
    const result = await condition();
    if (result !== undefined && result !== false) return result;
    const elapsed = performance.now() - start;
    if (elapsed > deadlineMs) {
      throw new ControlPlaneError(`not within ${Math.round(deadlineMs / 1000)} s: ${what}`);
    }
    await sleep(Math.min(Math.max(elapsed * PAUSE_PART, MIN_PAUSE_MS), MAX_PAUSE_MS));
  }
}
