import { toMilliseconds, toSeconds, type Milliseconds, type Seconds } from './units.ts';

/** The last second of the year 9999, since the epoch: RFC 3339 has no later one. */
export const LATEST_TIME: Seconds = 253_402_300_799;

/**
 * A moment as Kubernetes writes it: RFC 3339 in UTC with whole seconds, `2026-01-31T12:00:00Z`. What lies before 1970 or
 * after 9999, which has no such form, becomes that: a time may come from a token that anybody wrote.
 */
export function formatTime(time: Seconds): string {
  return `${new Date(toMilliseconds(wholeTime(time))).toISOString().slice(0, 19)}Z`;
}

/** The moment that `formatTime` writes. */
export function wholeTime(time: Seconds): Seconds {
  return Math.floor(time > 0 ? Math.min(time, LATEST_TIME) : 0);
}

/** A moment as Kubernetes' MicroTime, for Leases and Events: six digits, or the API server refuses it. */
export function formatMicroTime(time: Milliseconds): string {
  return new Date(time).toISOString().replace('Z', '000Z');
}

/** Reads both forms; `undefined` for anything that is not a time. */
export function parseTime(text: unknown): Seconds | undefined {
  if (typeof text !== 'string') return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : toSeconds(time);
}
