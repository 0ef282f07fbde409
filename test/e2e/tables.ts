/** Rows of one table; each has the same columns. */
export type Rows = readonly Readonly<Record<string, string>>[];

/** A table as text, with its columns side by side. Pure. */
export function formatTable(title: string, rows: Rows): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const texts = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return [title, ...texts.map((text) => `  ${text.trimEnd()}`)].join('\n');
}
