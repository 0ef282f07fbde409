import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Io, TextSink } from '../io.ts';
import { printYamlValue } from '../yaml/print-yaml-value.ts';
import { markStyle, printable } from './style-marks.ts';

/** How a command prints: text for people, or the same facts for scripts. */
export type OutputFormat = 'human' | 'json' | 'yaml';

/** For every command that prints a report; `readOutputFormat` reads its value. */
export const OUTPUT_FLAG = {
  output: { type: 'string', short: 'o', value: 'FORMAT', help: 'json or yaml, for scripts' },
} as const;

/** Reads the value of `-o`; lines for people by default. The problem is one sentence. */
export function readOutputFormat(value: string | undefined): Result<OutputFormat, string> {
  if (value === undefined) return ok('human');
  return value === 'json' || value === 'yaml' ? ok(value) : fail(`-o must be json or yaml, not "${value}"`);
}

/** Names that `styleText` of Node knows. */
export type Style = 'bold' | 'red' | 'green' | 'yellow' | 'gray' | 'cyan';
/** Gives a text a colour, on a terminal only. */
export type Paint = (style: Style, text: string) => string;

/** Colours where `styleText` finds a terminal that has them, unless NO_COLOR or a similar variable is set. */
function createPaint(sink: TextSink): Paint {
  const isTerminal = sink.isTTY === true;
  if (!isTerminal || !(sink instanceof Writable)) return (_style, text) => text;
  return (style, text) => {
    const [before = '', after = ''] = styleText(style, PLACE, { stream: sink }).split(PLACE);
    return markStyle(before) + text + markStyle(after);
  };
}

/** Stands for the text while its style is made: sequences in the text itself are not of that style. */
const PLACE = ' ';

/** Prints the lines that `describe` makes, or the report itself for scripts. */
export function printReport<T>(
  { stdout }: Pick<Io, 'stdout'>,
  format: OutputFormat,
  report: T,
  describe: (report: T, paint: Paint) => readonly string[],
): void {
  if (format === 'json') stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else if (format === 'yaml') stdout.write(printYamlValue(report));
  else {
    const lines = describe(report, createPaint(stdout));
    // In one write: a reader such as head may close the pipe after the first.
    stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
  }
}
