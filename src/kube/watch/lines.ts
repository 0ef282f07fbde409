import { HEAD_BYTES, type Piece } from '../list/pieces.ts';

const NEWLINE = 10;

/**
 * The lines of a streamed body, without their line breaks, also one that the end cut short. A line that is longer
 * than `longest` bytes comes out as its beginning; it is never held in memory whole.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<Piece> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (part: Uint8Array): void => {
    const isLonger = length > longest;
    length += part.length;
    if (isLonger) return;
    parts.push(part);
    if (length > longest) parts = [Buffer.concat(parts, Math.min(length, HEAD_BYTES))];
  };
  for await (const chunk of body) {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      keep(rest.subarray(0, end));
      yield { text: joinParts(parts), isWhole: length <= longest };
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) keep(rest);
  }
  if (parts.length > 0) yield { text: joinParts(parts), isWhole: length <= longest };
}

function joinParts(parts: readonly Uint8Array[]): string {
  const [only] = parts;
  const bytes =
    parts.length === 1 && only !== undefined
      ? Buffer.from(only.buffer, only.byteOffset, only.length)
      : Buffer.concat(parts);
  return bytes.toString();
}
