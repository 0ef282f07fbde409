import { formatDuration, formatTime } from '../../time/format-time.ts';
import { effectiveResignBefore, isRenewalClamped, type Lifetimes } from '../../signing/schedule.ts';

/** `2026-11-24 12:36:13 UTC, in 23 h 59 min`; both in seconds since the epoch. */
export function sayWhen(time: number, now: number): string {
  const distance = formatDuration(Math.abs(time - now));
  return `${sayTime(time)}, ${time > now ? `in ${distance}` : `${distance} ago`}`;
}

/** `2026-11-24 12:36:13 UTC`; seconds since the epoch. */
export function sayTime(time: number): string {
  return formatTime(time).replace('T', ' ').replace('Z', ' UTC');
}

/** How long each token lives and when it is replaced, in one line. */
export function sayLifetimes(lifetimes: Lifetimes): string {
  const before = formatDuration(effectiveResignBefore(lifetimes));
  const why = isRenewalClamped(lifetimes)
    ? ' (half: spec.resignBefore is not shorter than the lifetime)'
    : lifetimes.resignBefore === undefined
      ? ' (half: spec.resignBefore is not set)'
      : '';
  return `each token lives ${formatDuration(lifetimes.lifetime)} and is replaced ${before} before it expires${why}`;
}
