/** The streams that a command reads and writes: the process's own, or a test's. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

/** The stream that a command prints to. */
export interface TextSink {
  write(text: string): unknown;
  /** Whether it is a terminal: only then there are colours. */
  readonly isTTY?: boolean;
  /** Lines of the terminal. */
  readonly rows?: number;
}
