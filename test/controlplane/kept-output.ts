/** The output of a process, line by line. */
export interface KeptOutput {
  add(line: string): void;
  /** The lines that are kept, each with its end. */
  text(): string;
  /** The kept lines that are objects in JSON, parsed. Later lines are added to the same array. */
  readonly parsed: readonly Readonly<Record<string, unknown>>[];
}

/** Keeps the last `count` lines, or some more, up to twice as many. */
export function keepOutput(count = Number.POSITIVE_INFINITY): KeptOutput {
  const lines: string[] = [];
  const parsed: Readonly<Record<string, unknown>>[] = [];
  return {
    add: (line) => {
      lines.push(`${line}\n`);
      const object = parseLine(line);
      if (object !== undefined) parsed.push(object);
      for (const kept of [lines, parsed]) if (kept.length > 2 * count) kept.splice(0, kept.length - count);
    },
    text: () => lines.join(''),
    parsed,
  };
}

function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
