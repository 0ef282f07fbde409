/** The last second of the year 9999, since the epoch: RFC 3339 has no later one. */
export const LATEST_TIME = 253_402_300_799;

/**
 * RFC 3339 in UTC with whole seconds, as Kubernetes writes times; `seconds` since the epoch. What lies before 1970 or
 * after 9999, which has no such form, becomes that: a time may come from a token that anybody wrote.
 */
export function formatTime(seconds: number): string {
  const bounded = seconds > 0 ? Math.min(seconds, LATEST_TIME) : 0;
  return `${new Date(Math.floor(bounded) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Seconds since the epoch; `undefined` for anything that is no time. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}
