import { diffArrays } from 'diff';

/** A line that stays, was added or was removed. */
export interface DiffLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/** Lines added and removed: with more of them comparing takes seconds, and nobody reads the result. */
const MAX_CHANGES = 2_000;

/** The fewest changes from one text to another, by lines. Texts that differ too much count as replaced. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [splitLines(before), splitLines(after)];
  const changes = diffArrays(old, now, { maxEditLength: MAX_CHANGES });
  if (changes === undefined) return [...withSign('-', old), ...withSign('+', now)];
  return changes.flatMap(({ added, removed, value }) => withSign(added ? '+' : removed ? '-' : ' ', value));
}

function splitLines(text: string): string[] {
  return text.trimEnd().split('\n');
}

function withSign(sign: DiffLine['sign'], lines: readonly string[]): readonly DiffLine[] {
  return lines.map((text) => ({ sign, text }));
}
