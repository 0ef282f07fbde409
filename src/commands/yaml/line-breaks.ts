import { Lexer } from 'yaml';

/**
 * Line breaks to the YAML that Kubernetes reads (yaml.v2, of YAML 1.1), and none to YAML 1.2, which we read: U+0085, U+2028,
 * U+2029, and a carriage return without a line feed.
 */
const OTHER_BREAK = /\r(?!\n)|[\u0085\u2028\u2029]/;

/** What the library's lexer puts between the parts of a text: a document begins, a broken flow ends, a scalar follows. */
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001F']);

/**
 * The position of the first character that kubectl takes for a line break, and we do not. Not in double quotes, where both
 * read on.
 */
export function findOtherBreak(text: string): number | undefined {
  if (!OTHER_BREAK.test(text)) return undefined;
  const parts: string[] = [];
  let previous = '';
  for (const token of new Lexer().lex(text)) {
    const isQuoted = token.startsWith('"') && !MARKS.has(previous);
    if (!MARKS.has(token)) parts.push(isQuoted ? ' '.repeat(token.length) : token);
    previous = token;
  }
  const at = parts.join('').search(OTHER_BREAK);
  return at === -1 ? undefined : at;
}
