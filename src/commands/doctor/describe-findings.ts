import { formatTable } from '../output/table.ts';
import type { Paint, Style } from '../output/report-output.ts';
import type { Finding } from './finding.ts';

/** What `doctor` reports. */
export interface DoctorReport {
  /** Of this program. */
  readonly version: string;
  /** Where jwt-injector is installed. */
  readonly namespace: string;
  readonly findings: readonly Finding[];
}

const WORDS: Readonly<Record<Finding['result'], readonly [text: string, style: Style]>> = {
  ok: ['OK', 'green'],
  problem: ['PROBLEM', 'red'],
  unknown: ['not known', 'yellow'],
};

/** One line for each finding, a problem followed by what helps. */
export function describeFindings(findings: readonly Finding[], paint: Paint): readonly string[] {
  const rows = findings.map(({ check, result, message, remedy }) => {
    const [text, style] = WORDS[result];
    return [
      paint(style, text),
      check,
      remedy === undefined ? message : `${message} — ${paint('bold', remedy)}`,
    ];
  });
  return formatTable(rows);
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
