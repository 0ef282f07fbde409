import type { LineCounter } from 'yaml';

/** Braces of Helm, Jinja and others that are not in quotes: to YAML they are a map as a key. */
const TEMPLATE_BRACES = /(?:^|[\s-])\{\{/;
/** A line that a person has written, and that can be looked through for each error. */
const MAX_LINE = 1_000;

/** A problem of a text in one line, with its place and what helps; of a template that is something else than of YAML. */
export function sayWhere(
  text: string,
  lineCounter: LineCounter,
  at: number | undefined,
  fault: string,
  remedy: string,
): string {
  if (at === undefined) return `${fault}: ${remedy}`;
  const { line, col } = lineCounter.linePos(at);
  const start = at - col + 1;
  const [shown = ''] = text.slice(start, start + MAX_LINE).split('\n', 1);
  const helps = TEMPLATE_BRACES.test(shown)
    ? 'render the template first, for example with helm template'
    : remedy;
  return `${fault} at line ${line}, column ${col}: ${helps}`;
}
