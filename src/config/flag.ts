/** One flag of a command: how Node's `parseArgs` reads it, and what the help says of it. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  /** One letter, for `-f`. */
  readonly short?: string;
  /** It may be given more than once: its value is a list. */
  readonly multiple?: true;
  readonly default?: string;
  /** An empty value, as of a variable that is not set, is as good as no flag. */
  readonly emptyIsUnset?: true;
  /** Its value is the name of a namespace: what cannot be one is wrong usage. */
  readonly isNamespace?: true;
  /** Its value names a file to be read, or is `-` for standard input: an empty one is wrong usage, and a second `-`. */
  readonly isInput?: true;
  /** The name of the value in the help, such as FILE. */
  readonly value?: string;
  /** One sentence, in lines as the help shows them. */
  readonly help: string;
}

/** All flags of a command, by their names without dashes. */
export type Flags = Readonly<Record<string, Flag>>;
