import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { fail, ok, type Result } from '../../resources/result.ts';
import { withoutControls } from '../../resources/without-controls.ts';
import type { Io, TextSink } from '../io.ts';
import { writeYaml } from '../yaml/write-yaml.ts';

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
  return isTerminal && sink instanceof Writable
    ? (style, text) => styleText(style, text, { stream: sink })
    : (_style, text) => text;
}

const ESCAPE = '\u001B';
/** The sequences of our own styles; every other control character comes from an object, and could control the terminal. */
const OWN_STYLES = new RegExp(`(${ESCAPE}\\[(?:1|22|3[1-6]|39|90)m)`);

/** Prints the lines that `describe` makes, or the report itself for scripts. */
export function printReport<T>(
  { stdout }: Pick<Io, 'stdout'>,
  format: OutputFormat,
  report: T,
  describe: (report: T, paint: Paint) => readonly string[],
): void {
  if (format === 'json') stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else if (format === 'yaml') stdout.write(writeYaml(report));
  else {
    const lines = describe(report, createPaint(stdout));
    // In one write: a reader such as head may close the pipe after the first.
    stdout.write(lines.map((line) => `${withOurStylesAlone(line)}\n`).join(''));
  }
}

function withOurStylesAlone(line: string): string {
  const parts = line.split(OWN_STYLES).map((part) => (OWN_STYLES.test(part) ? part : withoutControls(part)));
  return parts.join('').trimEnd();
}
