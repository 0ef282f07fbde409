import { isObjectName } from '../../resources/object-name.ts';

/**
 * Words of the command line, for a message: in quotes if they could name objects. Others may be a token, or a part of one that
 * was pasted with a space or line break in it, and are not shown.
 */
export function describeGiven(...words: readonly string[]): string {
  return couldNameObjects(words) ? `"${words.join(' ')}"` : 'what was given';
}

/** A message about words that are one too many; `remedy`: what a command takes. */
export function unexpectedArgument(words: readonly string[], remedy: string): string {
  return `unexpected argument${couldNameObjects(words) ? ` "${words.join(' ')}"` : ''}: ${remedy}`;
}

function couldNameObjects(words: readonly string[]): boolean {
  return words.every((word) => word.split('/').every(isObjectName));
}
