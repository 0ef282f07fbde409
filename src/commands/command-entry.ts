import type { Command } from './command.ts';

/** A command is loaded when it is called: `sign` needs no web server, and `version` nothing at all. */
export interface CommandEntry {
  /** For the list in the help. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}
