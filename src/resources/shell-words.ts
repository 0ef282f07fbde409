/** Text as one word of a POSIX shell. */
export function quoteShell(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command of these words, to be copied into a shell: whatever they hold, each stays one word. */
export function shellCommand(program: string, words: readonly string[]): string {
  return [program, ...words.map(quoteShell)].join(' ');
}

/** A kubectl command for texts that do not know how their reader reaches the cluster, such as those of conditions. */
export function kubectl(...words: readonly string[]): string {
  return shellCommand('kubectl', words);
}

/** One command made of several: after one that fails, none runs. */
export function inOrder(...commands: readonly string[]): string {
  return commands.join(' && ');
}
