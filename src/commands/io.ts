/** Where a command reads and writes: the process's own streams, or a test's. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

/** Where a command prints. */
export interface TextSink {
  write(text: string): unknown;
  /** Whether it is a terminal: only then there are colours. */
  readonly isTTY?: boolean;
}

/** What every command's exit code says (contract §3). */
export const EXIT = { done: 0, refused: 1, usage: 2, outside: 3 } as const;
/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command: its arguments without the program's and the command's name. Resolves with the exit code; throws only bugs. */
export type Command = (args: readonly string[], io: Io) => Promise<ExitCode>;
