import type { ObjectName } from './object-key.ts';

/** Text as one word of a POSIX shell. */
export function quoteShell(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A kubectl command of these words, to be copied into a shell: whatever they hold, each stays one word. */
export function kubectl(...words: readonly string[]): string {
  return shellCommand('kubectl', words);
}

/** The same of our own command. */
export function jwtInjector(...words: readonly string[]): string {
  return shellCommand('jwt-injector', words);
}

/** The command that says what a JWT waits for. */
export function explainingCommand({ namespace, name }: ObjectName): string {
  return jwtInjector('explain', 'jwt', name, '-n', namespace);
}

function shellCommand(program: string, words: readonly string[]): string {
  return [program, ...words.map(quoteShell)].join(' ');
}
