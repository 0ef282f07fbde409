/** One line of the table: a figure, the figure that it is compared with in the same run, and the goal. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  /** Our figure divided by the other one, if there is one. */
  readonly ratio?: number;
  readonly goal: string;
  readonly holds: boolean;
  /** Number of runs, alternating with the other one, of which the figures are medians. Default: 1. */
  readonly runs?: number;
  /** Raw numbers, for the JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The rows as a table for people. */
export function formatRows(rows: readonly Row[]): string {
  const header = ['figure', 'ours', 'peer', 'ratio', 'runs', 'goal', 'holds'];
  const lines = rows.map((row) => [
    row.what,
    row.ours,
    row.peer,
    row.ratio === undefined ? '–' : `${row.ratio.toFixed(2)} ×`,
    String(row.runs ?? 1),
    row.goal,
    row.holds ? 'yes' : 'NO',
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => (cells[column] ?? '').length)),
  );
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [format(header), widths.map((width) => '─'.repeat(width)).join('  '), ...lines.map(format)].join(
    '\n',
  );
}

/** The value below which the share `quantile` of the values is; `NaN` if there are no values. */
export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN;
}

export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/** `12.3 ms`, `4.56 s`. */
export function formatMs(milliseconds: number): string {
  if (milliseconds >= 1_000) return `${(milliseconds / 1_000).toFixed(2)} s`;
  return milliseconds >= 10 ? `${milliseconds.toFixed(1)} ms` : `${milliseconds.toFixed(2)} ms`;
}
