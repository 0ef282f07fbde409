import type { Io } from './io.ts';

/**
 * The exit codes of all commands: done; a problem in the objects that the command checked; wrong arguments; the cluster, a file
 * or the network failed.
 */
export const EXIT = { done: 0, refused: 1, usage: 2, outside: 3 } as const;
/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Why a command cannot go on, in one line, and the exit code that says so. */
export interface CommandProblem {
  readonly exit: ExitCode;
  readonly message: string;
}

/** A command: its arguments without the program's and the command's name. Resolves with the exit code; throws only bugs. */
export interface Command {
  (args: readonly string[], io: Io): Promise<ExitCode>;
  /** The words that a shell offers to complete. */
  readonly offers?: Offers;
}

/** The words that may follow a command. */
export interface Offers {
  /** Names of flags without dashes, with their one letter and whether a value follows. */
  readonly flags: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>;
  /** Words that it takes. */
  readonly words?: readonly string[];
  /** It takes names of JWTs; with `words`, only after one of these. */
  readonly namesJwts?: true;
}
