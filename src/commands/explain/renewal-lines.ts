import { formatDuration, parseTime } from '../../time/format-time.ts';
import { effectiveResignBefore, isRenewalClamped, type Lifetimes } from '../../signing/schedule.ts';
import type { Renewal } from '../../signing/renewals.ts';
import type { Seconds } from '../../time/units.ts';
import { formatTable } from '../output/table.ts';
import type { writeRenewals } from './next-action.ts';

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

/** A table with one row for each renewal; `cells` has the words of a row. */
export function formatRenewals(
  renewals: ReturnType<typeof writeRenewals>,
  now: Seconds,
  cells: (times: Renewal, index: number) => readonly [string, ...string[]],
): readonly string[] {
  const rows = renewals.map(({ at, expiresAt }, index) => {
    const times = { at: parseTime(at) ?? now, expiresAt: parseTime(expiresAt) ?? now };
    const [first, ...others] = cells(times, index);
    return [`  ${first}`, ...others];
  });
  return formatTable(rows);
}
