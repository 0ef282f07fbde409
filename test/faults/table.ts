import { styleText } from 'node:util';
import type { FaultResult } from './fault.ts';

const MAX_TITLE_LENGTH = 78;

/** The table of a run: fault, tries, violations, observations. All violations are described below it. */
export function renderTable(results: readonly FaultResult[]): string {
  const width = Math.min(
    MAX_TITLE_LENGTH,
    Math.max(...results.map(({ title }) => title.length), 'fault'.length),
  );
  const rows = results.map((result) => renderRow(result, width));
  const tries = results.reduce((sum, result) => sum + result.tries, 0);
  const violations = results.reduce((sum, result) => sum + result.violations.length, 0);
  const header = `${'fault'.padEnd(width)}  tries  violations  seen`;
  return [
    styleText('bold', header),
    ...rows,
    styleText(
      violations === 0 ? 'green' : 'red',
      `${results.length} faults, ${tries} tries, ${violations} violations`,
    ),
  ].join('\n');
}

/** One line, and one more for each violation. */
export function renderRow(result: FaultResult, width = MAX_TITLE_LENGTH): string {
  const { title, tries, violations } = result;
  const cut = title.length > width ? `${title.slice(0, width - 1)}…` : title.padEnd(width);
  const line = `${cut}  ${String(tries).padStart(5)}  ${String(violations.length).padStart(10)}  ${describeSeen(result)}`;
  const details = violations.map(({ invariant, what }) => styleText('red', `    ${invariant}: ${what}`));
  return [line.trimEnd(), ...details].join('\n');
}

function describeSeen({ recoveries, notes }: FaultResult): string {
  return [...(recoveries.length === 0 ? [] : [`well again after ${range(recoveries)}`]), ...notes].join('; ');
}

/** `0.2–1.3 s`, or `0.2 s` for a single value. */
function range(times: readonly number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)].map((ms) => (ms / 1000).toFixed(1));
  return least === most ? `${most} s` : `${least}–${most} s`;
}
