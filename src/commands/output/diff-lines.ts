/** A line that stays, came or went. */
export interface DiffLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/** Beyond that many pairs of lines comparing takes seconds, and nobody reads the result. */
const MAX_PAIRS = 25_000_000;

/**
 * The shortest way from one text to another, by lines (longest common subsequence). Texts that are too long and too
 * different for that count as replaced where they differ.
 */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [splitLines(before), splitLines(after)];
  const limit = Math.min(old.length, now.length);
  let head = 0;
  while (head < limit && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < limit - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const changed = diffMiddle(old.slice(head, old.length - tail), now.slice(head, now.length - tail));
  return [...mark(' ', old.slice(0, head)), ...changed, ...mark(' ', old.slice(old.length - tail))];
}

function splitLines(text: string): readonly string[] {
  return text.trimEnd().split('\n');
}

function mark(sign: DiffLine['sign'], lines: readonly string[]): readonly DiffLine[] {
  return lines.map((text) => ({ sign, text }));
}

function diffMiddle(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  if (old.length * now.length > MAX_PAIRS) return [...mark('-', old), ...mark('+', now)];
  const width = now.length + 1;
  // common[i * width + j]: how many lines old[i…] and now[j…] can keep.
  const common = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  for (let i = 0, j = 0; i < old.length || j < now.length;) {
    const [gone, come] = [old[i], now[j]];
    if (gone !== undefined && gone === come) {
      lines.push({ sign: ' ', text: gone });
      i += 1;
      j += 1;
    } else if (come !== undefined && (gone === undefined || at(i, j + 1) > at(i + 1, j))) {
      lines.push({ sign: '+', text: come });
      j += 1;
    } else {
      lines.push({ sign: '-', text: gone ?? '' });
      i += 1;
    }
  }
  return lines;
}
