import type { Result } from '../resources/result.ts';
import type { Flags } from '../config/flag.ts';
import { describeFlags, parseFlags, type FlagValues } from './parse-flags.ts';
import type { Io } from './io.ts';
import { messageLine, withMessageLines } from './message-lines.ts';
import { EXIT, type Command, type ExitCode, type Offers } from './command.ts';

/** The parts of a command's help. */
interface CommandHelp {
  /** Each way to call it, without the program's name. */
  readonly usage: readonly string[];
  /** The purpose of the command. */
  readonly description: string;
  readonly flags: Flags;
  /** Calls that work, without the program's name: what is asked most comes first. */
  readonly examples: readonly string[];
  /** Further facts that are good to know: rights, exit codes. */
  readonly notes?: string;
}

interface CommandParts<F extends Flags, T> extends CommandHelp {
  /** The one list of its flags; `--help` is added automatically. */
  readonly flags: F;
  /** Whether arguments without a flag are allowed, such as a name. */
  readonly takesWords?: true;
  /** The arguments that a shell offers to complete. */
  readonly offers?: Omit<Offers, 'flags'>;
  /** Checks what was given. The problem is one sentence. */
  readonly readOptions: (values: FlagValues<F>, words: readonly string[]) => Result<T, string>;
  /** Each write to standard error is a line of its own. */
  readonly run: (options: T, io: Io) => Promise<ExitCode> | ExitCode;
}

/** A command from its flags and what it does then. Wrong usage is reported with the ways to call it, without the help. */
export function makeCommand<const F extends Flags, T>(parts: CommandParts<F, T>): Command {
  const { flags, takesWords = false, offers, readOptions, run } = parts;
  const command: Command = async (args, io) => {
    const printWrongUsage = (problem: string): ExitCode => {
      io.stderr.write(`error: ${messageLine(problem)}\n\n${formatUsage(parts)}`);
      return EXIT.usage;
    };
    const parsed = parseFlags(flags, args, takesWords);
    if (!parsed.ok) return printWrongUsage(parsed.problem);
    const { values, words } = parsed.value;
    if ('help' in values && values.help === true) {
      io.stdout.write(formatHelp(parts));
      return EXIT.done;
    }
    const options = readOptions(values, words);
    return options.ok ? run(options.value, withMessageLines(io)) : printWrongUsage(options.problem);
  };
  return Object.assign(command, { offers: { flags, ...offers } });
}

/** The text that `--help` prints. */
export function formatHelp({ usage, description, flags, examples, notes }: CommandHelp): string {
  const shown = ['Examples:', ...examples.map((call) => `  jwt-injector ${call}`)].join('\n');
  const parts = [listCalls(usage), description, describeFlags(flags), shown];
  if (notes !== undefined) parts.push(notes);
  return `${parts.join('\n\n')}\n`;
}

function listCalls(usage: CommandHelp['usage']): string {
  return `Usage: ${usage.map((call) => `jwt-injector ${call}`).join('\n       ')}`;
}

/** The ways to call it, and where to read more. */
function formatUsage({ usage }: Pick<CommandHelp, 'usage'>): string {
  const [command = ''] = usage[0]?.split(' ') ?? [];
  return `${listCalls(usage)}\nSee jwt-injector ${command} --help\n`;
}
