import { fail, ok, type Result } from '../resources/result.ts';
import type { CommandEntry } from './command-entry.ts';
import { findCandidates } from './completion/candidates.ts';
import { SHELLS, isShell, type Shell } from './completion/shells.ts';
import type { Io } from './io.ts';
import { unexpectedArgument } from './input/given-words.ts';
import { makeCommand } from './make-command.ts';
import { EXIT, type Command, type ExitCode } from './command.ts';

type Options = { readonly shell: Shell } | { readonly typed: readonly string[] };

/** `jwt-injector completion`, for the commands that there are. */
export function makeCompletion(commands: Readonly<Record<string, CommandEntry>>): Command {
  return makeCommand({
    usage: ['completion bash|zsh|fish', 'completion candidates -- WORD…'],
    description: `Prints a script for a shell, with which it completes verbs, flags and names of JWTs. Names are asked of the
cluster with your own rights. The script calls "completion candidates" with what was typed.`,
    flags: {},
    examples: ['completion bash', 'completion zsh', 'completion fish'],
    notes: `bash: source <(jwt-injector completion bash), in ~/.bashrc
zsh:  source <(jwt-injector completion zsh), in ~/.zshrc after compinit
fish: jwt-injector completion fish > ~/.config/fish/completions/jwt-injector.fish`,
    takesWords: true,
    offers: { words: Object.keys(SHELLS) },
    readOptions,
    run: (options, io) => complete(options, io, commands),
  });
}

function readOptions(_values: unknown, words: readonly string[]): Result<Options, string> {
  const [first = '', ...typed] = words;
  if (first === 'candidates') return ok({ typed });
  if (typed.length > 0) return fail(unexpectedArgument(typed, 'choose one shell'));
  return isShell(first)
    ? ok({ shell: first })
    : fail(`choose a shell: bash, zsh or fish${first === '' ? '' : `, not "${first}"`}`);
}

async function complete(
  options: Options,
  { stdout }: Io,
  commands: Readonly<Record<string, CommandEntry>>,
): Promise<ExitCode> {
  if ('shell' in options) stdout.write(SHELLS[options.shell]);
  else for (const candidate of await findCandidates(options.typed, commands)) stdout.write(`${candidate}\n`);
  return EXIT.done;
}
