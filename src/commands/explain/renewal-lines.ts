import { formatDuration } from '../../time/format-time.ts';
import { effectiveResignBefore, isRenewalClamped, type Lifetimes } from '../../signing/schedule.ts';

/** How long each token lives and when it is replaced, on one line. */
export function describeLifetimes(lifetimes: Lifetimes): string {
  const before = formatDuration(effectiveResignBefore(lifetimes));
  const why = isRenewalClamped(lifetimes)
    ? ' (half: spec.resignBefore is not shorter than the lifetime)'
    : lifetimes.resignBefore === undefined
      ? ' (half: spec.resignBefore is not set)'
      : '';
  return `each token lives ${formatDuration(lifetimes.lifetime)} and is replaced ${before} before it expires${why}`;
}
