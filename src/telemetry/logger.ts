import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { humanReadable } from './human-lines.ts';
import { withoutSecrets } from './redact.ts';

/** Lines are written together: one write for each would cost more than the line itself. Bytes, milliseconds. */
const BUFFER = 8192;
const FLUSH_MS = 250;

export interface LoggerOptions {
  readonly level: string;
  /** Where the lines go; by default standard output, at most a quarter of a second later, and at the exit. */
  readonly destination?: DestinationStream;
  /** Lines for people instead of JSON: for a terminal. */
  readonly human?: boolean;
}

/** One JSON object per line, with `level` as a word and `time` in ISO 8601. */
export function createLogger({ level, destination = standardOutput(), human = false }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
      serializers: { err: (error) => withoutSecrets({ ...stdSerializers.err(error) }) },
    },
    human ? humanReadable(destination) : destination,
  );
}

function standardOutput(): DestinationStream {
  return pino.destination({ dest: 1, sync: false, minLength: BUFFER, periodicFlush: FLUSH_MS });
}
