import { withoutControls } from '../resources/without-controls.ts';

const ELLIPSIS = '…';

/** Cuts to `limit` characters (Unicode code points, as the API server counts them), the last of them an ellipsis. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text; // code points are never more than UTF-16 units
  // Only the beginning is split: hostile texts may have megabytes.
  const characters = Array.from(text.slice(0, 2 * limit + 2));
  return characters.length <= limit
    ? characters.join('')
    : characters.slice(0, limit - 1).join('') + ELLIPSIS;
}

/** A text of the user inside a message of ours: quoted, cut, and on one line (warnings become HTTP headers). */
export function quote(text: string, limit = 80): string {
  return `"${withoutControls(shorten(text, limit))}"`;
}

/** A path of the user inside a message of ours, as `quote` but without the quotes. */
export function showPath(path: string, limit = 100): string {
  return withoutControls(shorten(path, limit));
}
