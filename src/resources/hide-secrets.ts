/** The beginning of a PEM block. */
const PEM_BEGIN = '-----BEGIN';
/** Two parts of a compact JWS. Each begins where no part goes on, so none is looked through twice, whatever the text is. */
const PARTS = /(?<![\w-])([\w-]{13,})\.(?=[\w-]{10,}\.)/g;
const MIN_HEADER_LENGTH = 'eyJ'.length + 10;

/** Stands in the place of a token or a key, in lines of the log and in messages. */
export const CENSORED = '[redacted]';

/** Words in which a compact JWS has room. */
const LONG_WORDS = /[\w.-]{24,}/g;
/** A private key from its first line to its last, also all on a single line: those two lines alone are harmless. */
const WHOLE_KEY =
  /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[^]){16,}-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----/g;
/**
 * One whose end is missing. It may begin with headers: RFC 1421 §4.6.1 if it is encrypted, RFC 4880 §6.2 if it is of PGP. Their
 * text is free, so it ends where the line does: else headers in one line could be divided up in more ways than can be tried.
 */
const CUT_KEY =
  /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:(?:\s|\\[nr])+(?:Proc-Type|DEK-Info): ?[\w,-]+|(?:(?:[\r\n]|\\[nr])[ \t]*)+(?:Version|Comment|Hash|Charset|MessageID):[^\r\n\\]*)*[\s\w+/=\\]{16,}/g;
/** Private members of a JWK (RFC 7518 §6.2.2, §6.3.2, §6.4.1), also in a text in JSON or YAML, whose quotes are written so. */
const PRIVATE_MEMBER = /(?<=["'](?:d|p|q|dp|dq|qi|k|r|t)\\{0,7}["']\s{0,10}:\s{0,10}\\{0,7}["'])[\w-]{16,}/g;

/** Whether a text holds what looks like a token or a key: a compact JWS, or a PEM block. */
export function hasSecret(text: string): boolean {
  return text.includes(PEM_BEGIN) || hasCompactToken(text);
}

/** A header (`eyJ`, base64url of `{"`) and a payload with dots after them. */
function hasCompactToken(text: string): boolean {
  for (const [, part = ''] of text.matchAll(PARTS)) {
    const at = part.search(/\beyJ/);
    if (at !== -1 && part.length - at >= MIN_HEADER_LENGTH) return true;
  }
  return false;
}

/**
 * A message without the tokens and private keys that were pasted in the place of something else, such as the name of a file. All
 * else stays, so that it still says what is wrong.
 */
export function hideSecrets(text: string): string {
  return text
    .replaceAll(LONG_WORDS, (word) => (hasCompactToken(word) ? CENSORED : word))
    .replaceAll(WHOLE_KEY, CENSORED)
    .replaceAll(CUT_KEY, CENSORED)
    .replaceAll(PRIVATE_MEMBER, CENSORED);
}
