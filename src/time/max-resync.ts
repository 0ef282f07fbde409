import type { Milliseconds } from './units.ts';

/**
 * No JWT waits longer for its next round, whatever anybody asks for. docs/reasons.md promises one within 10 minutes; a clock
 * that is set back by less than a minute goes unnoticed and delays it by as much.
 */
export const MAX_RESYNC_MS: Milliseconds = 540_000;
