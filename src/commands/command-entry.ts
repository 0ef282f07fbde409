import type { Command } from './command.ts';

/** A command is loaded when it is called: `sign` needs no web server, and `version` nothing at all. */
export interface CommandEntry {
  /** For the list in the help. */
  readonly summary: string;
  /** Before anything is loaded. May begin the process again, with other flags of Node. */
  readonly prepare?: () => void;
  readonly load: () => Promise<Command>;
}
