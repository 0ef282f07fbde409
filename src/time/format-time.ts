import { toMilliseconds, toSeconds, type Milliseconds, type Seconds } from './units.ts';

/** The last second of the year 9999, since the epoch: RFC 3339 has no later one. */
export const LATEST_TIME: Seconds = 253_402_300_799;

/**
 * A moment as Kubernetes writes it: RFC 3339 in UTC with whole seconds, `2026-01-31T12:00:00Z`. What is before 1970 or
 * after 9999, which has no such form, becomes that: a time may come from a token that anybody wrote.
 */
export function formatTime(time: Seconds): string {
  return `${new Date(toMilliseconds(wholeTime(time))).toISOString().slice(0, 19)}Z`;
}

/** The moment that `formatTime` writes. */
export function wholeTime(time: Seconds): Seconds {
  return Math.floor(time > 0 ? Math.min(time, LATEST_TIME) : 0);
}

/**
 * A moment as Kubernetes' MicroTime, for Leases and Events: six digits, or the API server refuses it.
 * @param microseconds the last three of them, which a time in milliseconds does not have.
 */
export function formatMicroTime(time: Milliseconds, microseconds = 0): string {
  return new Date(time).toISOString().replace('Z', `${String(microseconds).padStart(3, '0')}Z`);
}

/** A moment with milliseconds, as log lines have it: `2026-01-31T12:00:00.000Z`. */
export function formatLogTime(time: Milliseconds): string {
  return new Date(time).toISOString();
}

/** For people: `2026-11-24 12:36:13 UTC`. */
export function formatUtc(time: Seconds): string {
  return formatTime(time).replace('T', ' ').replace('Z', ' UTC');
}

/** For people, with the distance from now: `2026-11-24 12:36:13 UTC, in 23 h 59 min`. */
export function formatWhen(time: Seconds, now: Seconds): string {
  const distance = formatDuration(Math.abs(wholeTime(time) - now));
  return `${formatUtc(time)}, ${time > now ? `in ${distance}` : `${distance} ago`}`;
}

/** `12:37 UTC`: the minute that ends no earlier. */
export function formatMinute(time: Seconds): string {
  return `${formatTime(Math.ceil(time / 60) * 60).slice(11, 16)} UTC`;
}

/** Reads the forms of Kubernetes and of log lines; `undefined` for anything that is not a time. */
export function parseTime(text: unknown): Seconds | undefined {
  if (typeof text !== 'string') return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) return undefined;
  // V8 holds a quotient as a fraction, even if it is whole: a hundred thousand statuses with five times each would hold 8 MB
  // more. What comes from `floor` is.
  const seconds = toSeconds(time);
  const whole = Math.floor(seconds);
  return whole === seconds ? whole : seconds;
}

/** Reads the header `Date` of HTTP (RFC 9110), which has whole seconds; `undefined` for anything that is not a time. */
export function parseHttpDate(text: unknown): Milliseconds | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** The two largest units of a span, for people: `1 d 2 h`, `45 min`, `30 s`. */
export function formatDuration(span: Seconds): string {
  const parts: string[] = [];
  let rest = Math.round(span);
  for (const [unit, length] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / length);
    rest -= amount * length;
    if (amount > 0 && parts.length < 2) parts.push(`${amount} ${unit}`);
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

const GO_UNITS: Readonly<Record<string, Milliseconds>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Go counts a span in 64 bits of nanoseconds: 292 years. */
const MAX_GO_DURATION_MS = 2 ** 63 / 1e6;

/** A span longer than 0 in Go's form (`time.ParseDuration`), of the units that make sense here: `1m30s`, `1.5h`, `500ms`. */
export function parseGoDuration(text: string): Milliseconds | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let span = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    span += Number(amount) * (GO_UNITS[unit] ?? 0);
  }
  return span > 0 && span <= MAX_GO_DURATION_MS ? span : undefined;
}
