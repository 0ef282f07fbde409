import { prettyFactory } from 'pino-pretty';
import { withoutControls } from '../resources/without-controls.ts';

/**
 * A function that makes of each JSON line of the log one for people, by pino-pretty, with the stack of an error below. What
 * others wrote in it cannot move the cursor, nor begin a line. A line that is not JSON passes unchanged. Import this file only
 * where there is a terminal: no pod needs it in memory.
 */
export function createTerminalFormat(): (line: string) => string {
  const format = prettyFactory({ singleLine: true, translateTime: 'HH:MM:ss.l' });
  return (line) => format(parseHarmless(line) ?? line);
}

/** The line's values without control characters, except for the line feeds of a stack; `undefined` if it is not JSON. */
function parseHarmless(line: string): unknown {
  try {
    return JSON.parse(line, (key, value: unknown) => {
      if (typeof value !== 'string') return value;
      return key === 'stack' ? value.split('\n').map(withoutControls).join('\n') : withoutControls(value);
    });
  } catch {
    return undefined;
  }
}
