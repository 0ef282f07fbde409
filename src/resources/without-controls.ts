/**
 * The text with a space for each control character and each half of a surrogate pair: on one line, and harmless to a
 * terminal and in an HTTP header.
 */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cs}/gu, ' ');
}
