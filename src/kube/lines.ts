const NEWLINE = 10;

/**
 * The lines of a streamed body, without their line breaks, also one that the end cut short. Throws a RangeError when
 * a line is longer than `longest` bytes, before it is held in memory whole.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      parts.push(rest.subarray(0, end));
      yield join(parts);
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
    if (rest.length === 0) continue;
    length += rest.length;
    if (length > longest) throw new RangeError(`a line is longer than ${longest} bytes`);
    parts.push(rest);
  }
  if (parts.length > 0) yield join(parts);
}

function join(parts: readonly Uint8Array[]): string {
  const [only] = parts;
  const bytes =
    parts.length === 1 && only !== undefined
      ? Buffer.from(only.buffer, only.byteOffset, only.length)
      : Buffer.concat(parts);
  return bytes.toString();
}
