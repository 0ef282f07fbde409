const ELLIPSIS = '…';

/** Cuts to `limit` characters (Unicode code points, as the API server counts them), marked by an ellipsis. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text; // code points are never more than UTF-16 units
  // Only the head is taken apart: hostile texts may have megabytes.
  const characters = Array.from(text.slice(0, 2 * limit + 2));
  return characters.length <= limit
    ? characters.join('')
    : characters.slice(0, limit - 1).join('') + ELLIPSIS;
}

/** Foreign text inside a sentence of ours: quoted, cut, and on one line (warnings become HTTP headers). */
export function quote(text: string, limit = 80): string {
  return `"${withoutControls(shorten(text, limit))}"`;
}

/** A foreign path inside a sentence of ours, not quoted. */
export function showPath(path: string, limit = 100): string {
  return withoutControls(shorten(path, limit));
}

function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cs}/gu, ' ');
}
