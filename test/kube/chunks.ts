/** The bytes in chunks of the given sizes, used in turn. */
export async function* chunksOf(
  bytes: Uint8Array,
  sizes: readonly number[],
): AsyncGenerator<Buffer, void, undefined> {
  let start = 0;
  for (let i = 0; start < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield Buffer.from(bytes.subarray(start, start + size));
    start += size;
  }
}
