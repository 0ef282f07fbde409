import { pino, type DestinationStream, type Logger } from 'pino';
import { formatLine } from './human-lines.ts';
import { bufferLines } from './line-buffer.ts';
import { withoutSecrets } from './redact.ts';

export interface LoggerOptions {
  readonly level: string;
  /** Where the lines go; by default standard output, at most a quarter of a second later, and at the exit. */
  readonly destination?: DestinationStream;
  /** Lines for people instead of JSON: for a terminal. */
  readonly human?: boolean;
}

/** One JSON object per line, with `level` as a word and `time` in ISO 8601. */
export function createLogger({ level, destination, human = false }: LoggerOptions): Logger {
  const options = { level, base: null, timestamp: isoTimestamps(), formatters: { level: levelAsWord } };
  const finish = human ? (line: string) => formatLine(withoutSecrets(line)) : withoutSecrets;
  if (destination === undefined)
    return pino(options, bufferLines(pino.destination({ dest: 1, sync: false }), finish));
  return pino(options, { write: (line) => destination.write(finish(line)) });
}

function levelAsWord(label: string): object {
  return { level: label };
}

/** Of the many lines of a busy second only the first makes a Date. */
function isoTimestamps(): () => string {
  let second = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    let milliseconds = now - second;
    if (!(milliseconds >= 0 && milliseconds < 1000)) {
      milliseconds = now % 1000;
      second = now - milliseconds;
      text = `,"time":"${new Date(second).toISOString().slice(0, -4)}`;
    }
    return `${text}${String(1000 + milliseconds).slice(1)}Z"`;
  };
}
