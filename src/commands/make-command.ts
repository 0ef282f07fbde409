import type { Result } from '../resources/result.ts';
import { EXIT, type Command, type ExitCode, type Io } from './io.ts';

interface CommandParts<T> {
  /** Printed for `--help`, and below what is wrong with the arguments. */
  readonly help: string;
  /** The problem is one sentence. */
  readonly readOptions: (args: readonly string[]) => Result<T | 'help', string>;
  readonly run: (options: T, io: Io) => Promise<ExitCode> | ExitCode;
}

/** A command from what it reads of its arguments and what it does then. */
export function makeCommand<T extends object>({ help, readOptions, run }: CommandParts<T>): Command {
  return async (args, io) => {
    const options = readOptions(args);
    if (!options.ok) {
      io.stderr.write(`error: ${options.problem}\n\n${help}`);
      return EXIT.usage;
    }
    if (options.value === 'help') {
      io.stdout.write(help);
      return EXIT.done;
    }
    return run(options.value, io);
  };
}
