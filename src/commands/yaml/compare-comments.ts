import { Lexer } from 'yaml';

/** Whether every comment of a YAML text is in another one, wherever it is there, and as often. */
export function keepsComments(before: string, after: string): boolean {
  const missing = countComments(before);
  for (const [comment, count] of countComments(after)) {
    if ((missing.get(comment) ?? 0) <= count) missing.delete(comment);
  }
  return missing.size === 0;
}

/** The mark that the library's lexer puts before a scalar without quotes. */
const SCALAR_FOLLOWS = '\u001F';

function countComments(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  let previous = '';
  for (const token of new Lexer().lex(text)) {
    const comment = token.startsWith('#') && previous !== SCALAR_FOLLOWS ? token.trimEnd() : undefined;
    if (comment !== undefined) counts.set(comment, (counts.get(comment) ?? 0) + 1);
    previous = token;
  }
  return counts;
}
