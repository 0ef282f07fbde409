import { formatTable } from '../output/table.ts';
import type { Paint, Style } from '../output/report-output.ts';
import type { Finding } from './finding.ts';

const RESULT_WORDS: Readonly<Record<Finding['result'], readonly [text: string, style: Style]>> = {
  ok: ['OK', 'green'],
  problem: ['PROBLEM', 'red'],
  unknown: ['not known', 'yellow'],
};

/** One line for each finding, a problem followed by what helps. */
export function describeFindings(findings: readonly Finding[], paint: Paint): readonly string[] {
  const rows = findings.map(({ check, result, message, remedy }) => {
    const [text, style] = RESULT_WORDS[result];
    return [
      paint(style, text),
      check,
      remedy === undefined ? message : `${message} — ${paint('bold', remedy)}`,
    ];
  });
  return formatTable(rows);
}
