import { formatDuration, formatTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';

/** `2026-11-24 12:36:13 UTC, in 23 h 59 min`. */
export function formatWhen(time: Seconds, now: Seconds): string {
  const distance = formatDuration(Math.abs(time - now));
  return `${formatUtc(time)}, ${time > now ? `in ${distance}` : `${distance} ago`}`;
}

/** `2026-11-24 12:36:13 UTC`. */
export function formatUtc(time: Seconds): string {
  return formatTime(time).replace('T', ' ').replace('Z', ' UTC');
}
