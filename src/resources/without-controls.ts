/**
 * The text with a space for each control character, each half of a surrogate pair, and each character that changes the
 * direction of writing (those can make a line show in another order what it says): on one line, and harmless to a terminal
 * and in an HTTP header.
 */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cs}|\p{Bidi_Control}/gu, ' ');
}
