/** Bytes: more than is usually written before it is taken. It grows if that is not enough. */
const CAPACITY = 262_144;

/**
 * Text written byte by byte: of strings that are joined V8 keeps each part until the whole is asked for, and looks at all of
 * them again and again while it collects garbage.
 */
export class AsciiWriter {
  #bytes = Buffer.allocUnsafe(CAPACITY);
  #length = 0;

  /** `text` has to be ASCII. */
  write(text: string): void {
    const end = this.#length + text.length;
    if (end > this.#bytes.length) this.#grow(end);
    for (let index = 0, at = this.#length; at < end; index += 1, at += 1)
      this.#bytes[at] = text.charCodeAt(index);
    this.#length = end;
  }

  /** The bytes that were written since the last call. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #grow(least: number): void {
    const bytes = Buffer.allocUnsafe(2 * least);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}
