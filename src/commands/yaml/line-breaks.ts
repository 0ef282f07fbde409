import { Lexer } from 'yaml';

/**
 * Line breaks to the YAML that Kubernetes reads (yaml.v2, of YAML 1.1), and none to YAML 1.2, which we read: U+0085, U+2028,
 * U+2029, and a carriage return without a line feed.
 */
const OTHER_BREAK = /\r(?!\n)|[\u0085\u2028\u2029]/;

/**
 * The marks that the library's lexer puts between the parts of a text: a document begins, a broken flow ends, a scalar follows.
 */
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001F']);

/** The breaks at the end of a comment, where the line ends anyway. */
const BREAKS_AT_END = /[\r\u0085\u2028\u2029]+$/;

/**
 * The position of the first character that kubectl takes for a line break, and we do not. Not in double quotes, where both
 * read on, and not where a line ends with a comment: to kubectl an empty line follows, which means nothing but in the text
 * below `|` or `>`.
 */
export function findOtherBreak(text: string): number | undefined {
  if (!OTHER_BREAK.test(text)) return undefined;
  const parts: string[] = [];
  let previous = '';
  let indicator = '';
  for (const token of new Lexer().lex(text)) {
    const isScalar = MARKS.has(previous);
    if (!MARKS.has(token)) {
      parts.push(isScalar ? token : withoutEqualBreaks(token, indicator));
      if (token.trim() !== '') indicator = isScalar ? '' : token;
    }
    previous = token;
  }
  const at = parts.join('').search(OTHER_BREAK);
  return at === -1 ? undefined : at;
}

/** A part of the text, with spaces for the breaks in it that change nothing; `indicator`: what is before it, but a scalar. */
function withoutEqualBreaks(token: string, indicator: string): string {
  if (token.startsWith('"')) return ' '.repeat(token.length);
  const isComment = token.startsWith('#') && !/^[|>]/.test(indicator);
  return isComment ? token.replace(BREAKS_AT_END, (breaks) => ' '.repeat(breaks.length)) : token;
}

/** A JSON text with line feeds for the carriage returns that are white space in it: a line of YAML does not end there. */
export function withLineFeeds(json: string): string {
  return json.replaceAll(/\r(?!\n)/g, '\n');
}
