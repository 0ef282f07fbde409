import { objectKey, parseObjectKey } from '../../resources/object-key.ts';
import { formatTime } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import type { Io } from '../io.ts';
import { printReport, type OutputFormat } from '../output/report-output.ts';
import { describeInLine, describeStatus } from './status-lines.ts';
import type { StatusReport } from './status-report.ts';

/** The screen that shows one report after the other; `now` in seconds since the epoch. */
interface Screen {
  show(report: StatusReport, now: Seconds): void;
}

/** A terminal is drawn again each time; anywhere else, and for scripts, only what has changed is printed. */
export function createScreen(io: Pick<Io, 'stdout'>, output: OutputFormat): Screen {
  return output === 'human' && io.stdout.isTTY === true
    ? { show: (report, now) => draw(io, report, now) }
    : createLines(io, output);
}

/** Home, clear to the end (ECMA-48: CUP, ED), and cut long lines instead of wrapping them (DECAWM). */
const BEGIN = '\u001B[H\u001B[2J\u001B[?7l';
const END = '\u001B[?7h';
/** Rows of a terminal that does not report its height. */
const USUAL_ROWS = 24;

function draw({ stdout }: Pick<Io, 'stdout'>, report: StatusReport, now: Seconds): void {
  const { rows = USUAL_ROWS } = stdout;
  stdout.write(BEGIN);
  printReport({ stdout }, 'human', report, (facts, paint) => {
    const lines = describeStatus(facts, now, paint);
    // The notes, which come last, are always shown; and the cursor stands below the last line.
    const [rest, notes] = [lines.length - facts.notes.length, lines.slice(lines.length - facts.notes.length)];
    const room = Math.max(1, rows - 3 - notes.length);
    const shown =
      rest <= room ? lines.slice(0, rest) : [...lines.slice(0, room), `… and ${rest - room} lines more`];
    return [paint('gray', `jwt-injector status at ${formatTime(now)}; Ctrl-C ends it`), ...shown, ...notes];
  });
  stdout.write(END);
}

function createLines(io: Pick<Io, 'stdout'>, output: OutputFormat): Screen {
  let before = new Map<string, string>();
  return {
    show: ({ jwts, notes }, now) => {
      const present = new Map<string, string>();
      const print = (key: string, line: string, report: unknown): void => {
        present.set(key, line);
        if (before.get(key) === line) return;
        if (output === 'human') printReport(io, output, line, (text) => [`${formatTime(now)} ${text}`]);
        else printRecord(io, output, report);
      };
      for (const jwt of jwts) print(objectKey(jwt), describeInLine(jwt), jwt);
      for (const note of notes) print(note, `note: ${note}`, { note });
      for (const key of before.keys()) {
        if (present.has(key) || key.includes(' ')) continue; // a note that no longer holds
        if (output === 'human')
          printReport(io, output, key, (text) => [`${formatTime(now)} ${text}: deleted`]);
        else printRecord(io, output, { ...parseObjectKey(key), deleted: true });
      }
      before = present;
    },
  };
}

/** One line of JSON, or one document of YAML. */
function printRecord({ stdout }: Pick<Io, 'stdout'>, output: OutputFormat, record: unknown): void {
  if (output === 'json') stdout.write(`${JSON.stringify(record)}\n`);
  else {
    stdout.write('---\n');
    printReport({ stdout }, output, record, () => []);
  }
}
