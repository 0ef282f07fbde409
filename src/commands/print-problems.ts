import { EXIT, type CommandProblem, type ExitCode } from './command.ts';
import type { Io } from './io.ts';

/** Prints each as an error, in a line of its own. Returns the exit code that they make together: the largest. */
export function printProblems(problems: readonly CommandProblem[], { stderr }: Pick<Io, 'stderr'>): ExitCode {
  let largest: ExitCode = EXIT.done;
  for (const { message, exit } of problems) {
    stderr.write(`error: ${message}\n`);
    if (exit > largest) largest = exit;
  }
  return largest;
}
