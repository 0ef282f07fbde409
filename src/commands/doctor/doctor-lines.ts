import { describeFindings } from '../installation/finding-lines.ts';
import type { Finding } from '../installation/finding.ts';
import type { Paint } from '../output/report-output.ts';

/** The report of `doctor`. */
export interface DoctorReport {
  /** The version of this program. */
  readonly version: string;
  /** The namespace in which jwt-injector is installed. */
  readonly namespace: string;
  readonly findings: readonly Finding[];
}

/** The report for people; the last line sums it up. */
export function describeDoctor({ namespace, findings }: DoctorReport, paint: Paint): readonly string[] {
  const count = (result: Finding['result']): number =>
    findings.filter((finding) => finding.result === result).length;
  const [problems, unknowns] = [count('problem'), count('unknown')];
  const verdict =
    problems === 0
      ? paint('green', 'no problem was found')
      : paint('red', `${problems} ${problems === 1 ? 'problem' : 'problems'}`);
  const hidden = unknowns === 0 ? '' : `, ${unknowns} not known`;
  return [
    ...describeFindings(findings, paint),
    '',
    `jwt-injector in namespace ${namespace}: ${verdict}${hidden}`,
  ];
}
