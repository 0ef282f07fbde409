import { styleText } from 'node:util';
import { isJsonObject, member, stringMember } from '../resources/json.ts';

const COLOURS = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
} as const;
const HEAD = new Set(['level', 'time', 'msg', 'err']);

/**
 * The same line for people: `12:00:00.000 INFO  message key=value …`, an error's stack below. A line that is no JSON
 * object passes as it is.
 */
export function formatLine(line: string): string {
  const entry = parse(line);
  if (!isJsonObject(entry)) return line;
  const level = stringMember(entry, 'level') ?? 'info';
  const time = (stringMember(entry, 'time') ?? '').slice(11, 23);
  const fields = Object.entries(entry).filter(([key]) => !HEAD.has(key));
  const details = fields.map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = stringMember(member(entry, 'err'), 'stack');
  const words = [
    styleText('gray', time),
    colour(level),
    stringMember(entry, 'msg') ?? '',
    styleText('gray', details.join(' ')),
  ];
  return `${words.join(' ').trimEnd()}${stack === undefined ? '' : `\n${stack}`}\n`;
}

function colour(level: string): string {
  const word = level.toUpperCase().padEnd(5);
  const found = Object.entries(COLOURS).find(([name]) => name === level);
  return found === undefined ? word : styleText(found[1], word);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
