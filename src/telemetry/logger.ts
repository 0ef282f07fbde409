import { pino, type DestinationStream, type Logger } from 'pino';
import { bufferLines } from './line-buffer.ts';
import { changeLines, withoutSecrets } from './redact.ts';
import { standardOutput } from './standard-output.ts';
import { formatLogTime } from '../time/format-time.ts';

/** The level, destination and form of the log. `level` is a word of pino, or `silent`. */
export interface LoggerOptions {
  readonly level: string;
  /** The destination of the lines; by default standard output, at most a quarter of a second later, and at the exit. */
  readonly destination?: DestinationStream;
  /** Makes of each JSON line what is written, such as that of `createTerminalFormat`. It never sees a key or a token. */
  readonly format?: (line: string) => string;
}

/** pino's logger, with a way of its own for what is written with every admission review. */
export interface ServiceLogger extends Logger {
  /**
   * Writes what `info` would, by one JSON.stringify: pino looks at each field by itself, which costs a review as much as
   * its decision. For plain fields only: no `err`, no bindings of a child.
   */
  readonly infoLine: (fields: { readonly msg: string; readonly [field: string]: unknown }) => void;
}

/** One JSON object per line, with `level` as a word and `time` in ISO 8601. */
export function createLogger({ level, destination, format }: LoggerOptions): ServiceLogger {
  const finish =
    format === undefined
      ? withoutSecrets
      : (lines: string): string => changeLines(withoutSecrets(lines), format);
  const stream =
    destination === undefined
      ? bufferLines(standardOutput(), finish)
      : { write: (line: string) => destination.write(finish(line)) };
  const timestamp = isoTimestamps();
  const logger = pino({ level, base: null, timestamp, formatters: { level: levelAsWord } }, stream);
  return Object.assign(logger, {
    infoLine: (fields: { readonly msg: string }) => {
      if (!logger.isLevelEnabled('info')) return;
      stream.write(`{"level":"info"${timestamp()},${JSON.stringify(fields).slice(1)}\n`);
    },
  });
}

function levelAsWord(label: string): object {
  return { level: label };
}

/** Only the first of the many lines of a busy second makes a Date. */
function isoTimestamps(): () => string {
  let second = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    let milliseconds = now - second;
    if (!(milliseconds >= 0 && milliseconds < 1000)) {
      milliseconds = now % 1000;
      second = now - milliseconds;
      text = `,"time":"${formatLogTime(second).slice(0, -4)}`;
    }
    return `${text}${String(1000 + milliseconds).slice(1)}Z"`;
  };
}
