/** The white space of Go (`unicode.IsSpace`), and so of CEL. `String.trim` takes U+FEFF for it, and not U+0085. */
const WHITE_SPACE = /^\p{White_Space}$/u;
const DELETE = 0x7f;

/**
 * The text without white space at both ends, as the `trim()` of the CEL expressions in `deploy/` leaves it: the API server
 * and we must read the same in an annotation. Takes time in proportion to what it takes off.
 */
export function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isWhiteSpace(text, start)) start += 1;
  while (end > start && isWhiteSpace(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isWhiteSpace(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  const isVisible = unit > 0x20 && unit <= DELETE; // nearly all are
  return !isVisible && WHITE_SPACE.test(text[index] ?? '');
}
