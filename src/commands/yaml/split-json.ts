/**
 * The JSON objects of a text that has several of them and nothing else, as `jq '.items[]'` prints them: kubectl reads each.
 * Together they are the whole text. `undefined` for any other text, such as YAML, or one object.
 */
export function splitJsonObjects(text: string): readonly string[] | undefined {
  const objects: string[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endOfObject(text, start);
    if (end === undefined) return undefined;
    objects.push(text.slice(start, end));
    start = end;
  }
  return objects.length > 1 && objects.every(isValid) ? objects : undefined;
}

/** The end of the object that begins at `start`, with the white space around it; `undefined` if no object begins there. */
function endOfObject(text: string, start: number): number | undefined {
  let at = skipSpace(text, start);
  if (text[at] !== '{') return undefined;
  let depth = 0;
  let isInString = false;
  for (; at < text.length; at += 1) {
    const character = text[at];
    if (isInString) {
      if (character === '\\') at += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return skipSpace(text, at + 1);
    }
  }
  return undefined;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (' \t\r\n'.includes(text[at] ?? '-')) at += 1;
  return at;
}

function isValid(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
