/**
 * Whether a text has more characters than that. They are counted as the API server counts them for `maxLength` (JSON Schema
 * Validation §6.3.1): by code points, of which one above U+FFFF takes two units of a JavaScript string. Makes no copy, and
 * looks at no more of the text than `most` characters can take.
 */
export function isLongerThan(text: string, most: number): boolean {
  if (text.length <= most) return false;
  if (text.length > 2 * most) return true;
  let characters = 0;
  for (const _ of text) characters += 1;
  return characters > most;
}
