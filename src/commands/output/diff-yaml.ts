import { printYamlValue } from '../yaml/print-yaml-value.ts';
import { diffLines, type DiffLine } from './diff-lines.ts';
import type { Paint, Style } from './report-output.ts';

/** Lines: a diff that fits on a screen is shown whole. */
const WHOLE = 60;
const SIGN_COLOURS: Readonly<Record<DiffLine['sign'], Style>> = { ' ': 'gray', '+': 'green', '-': 'red' };

/**
 * The difference of two states of an object as YAML, line by line. A long one shows only the changed lines and their
 * parents, so that it is clear in which container something was added. Empty when nothing differs.
 */
export function formatDiff(before: unknown, after: unknown, paint: Paint): readonly string[] {
  const lines = diffLines(printYamlValue(before), printYamlValue(after));
  if (lines.every(({ sign }) => sign === ' ')) return [];
  const shown = chooseLines(lines);
  const printed: string[] = [];
  let last = -1;
  for (const [index, { sign, text }] of lines.entries()) {
    if (!shown.has(index)) continue;
    if (index > last + 1) printed.push(paint('gray', `  ${indentOf(text)}…`));
    printed.push(paint(SIGN_COLOURS[sign], `${sign} ${text}`));
    last = index;
  }
  if (last < lines.length - 1) printed.push(paint('gray', '  …'));
  return printed;
}

function chooseLines(lines: readonly DiffLine[]): ReadonlySet<number> {
  if (lines.length <= WHOLE) return new Set(lines.keys());
  const shown = new Set<number>();
  for (const [index, { sign }] of lines.entries()) {
    if (sign === ' ') continue;
    shown.add(index);
    addParents(lines, index, shown);
  }
  return shown;
}

/** The lines above that are indented less, each less than the one before: in YAML they are the parents. */
function addParents(lines: readonly DiffLine[], from: number, shown: Set<number>): void {
  let indent = indentOf(lines[from]?.text ?? '').length;
  for (let index = from - 1; index >= 0 && indent > 0; index -= 1) {
    const own = indentOf(lines[index]?.text ?? '').length;
    if (own >= indent) continue;
    shown.add(index);
    indent = own;
  }
}

function indentOf(text: string): string {
  return /^ */.exec(text)?.[0] ?? '';
}
