import { formatWhen } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import type { Paint } from '../output/report-output.ts';
import type { JwtFileReport } from './jwt-file-report.ts';
import { describeLint } from './lint-lines.ts';
import { describeLifetimes, formatRenewals } from './renewal-lines.ts';

/** The report for people; `now` in seconds since the epoch. */
export function describeJwtFile(
  report: JwtFileReport,
  source: string,
  now: Seconds,
  paint: Paint,
): readonly string[] {
  const { namespace, name, problems, key, lifetimes, nextRenewals } = report;
  const title = paint('bold', `JWT ${namespace === undefined ? '' : `${namespace}/`}${name}`);
  const verdict =
    problems.length === 0
      ? paint('green', 'can be signed')
      : paint('red', `cannot be signed (${problems[0]?.reason ?? ''})`);
  return [
    `${title} (${source}): ${verdict}`,
    ...problems.map(({ message }) => `  ${paint('red', 'error:')} ${message}`),
    ...describeLint(report, paint),
    ...(key === '' ? [] : [`  key: ${key}`]),
    ...(lifetimes === undefined ? [] : [`  ${describeLifetimes(lifetimes)}`]),
    ...(nextRenewals.length === 0 || lifetimes === undefined
      ? []
      : ['', IF_SIGNED_NOW, ...listRenewalsOfFile(nextRenewals, now)]),
  ];
}

const IF_SIGNED_NOW = 'If it were signed now (the intervals are up to 5 min shorter, to spread the load):';

function listRenewalsOfFile(renewals: JwtFileReport['nextRenewals'], now: Seconds): readonly string[] {
  return formatRenewals(renewals, now, ({ at, expiresAt }, index) => [
    index === 0 ? 'signed' : `${index}.`,
    index === 0 ? 'now' : formatWhen(at, now),
    `expires ${formatWhen(expiresAt, now)}`,
  ]);
}
