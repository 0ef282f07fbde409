import { prettyFactory } from 'pino-pretty';

/**
 * A function that makes of each JSON line of the log one for people, by pino-pretty, with the stack of an error below. A
 * line that is not JSON passes unchanged. Import this file only where there is a terminal: no pod needs it in memory.
 */
export function createTerminalFormat(): (line: string) => string {
  return prettyFactory({ singleLine: true, translateTime: 'HH:MM:ss.l' });
}
