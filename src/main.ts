#!/usr/bin/env node
import './require-node.ts'; // before the others
import { COMMANDS } from './commands/all-commands.ts';
import { messageLine } from './commands/message-lines.ts';
import { wholeOutput } from './commands/whole-output.ts';
import { describeFileError } from './resources/file-error.ts';

const COMMAND_LIST = Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n');

const HELP = `jwt-injector keeps JSON Web Tokens fresh in Kubernetes Secrets and injects them into pods.

Usage: jwt-injector COMMAND [flags]

${COMMAND_LIST}

Each command has a help of its own: jwt-injector COMMAND --help
Exit codes: 0 done, 1 a negative answer, 2 wrong usage, 3 a failure outside: a file, the network, the cluster, or an
output that cannot be written.
`;

// A reader may stop early (`| head`). Nobody reads what is printed then, but a command that writes has to finish what it
// began, and to say by its exit code how it went. On a full disk it finishes, too, but there somebody misses the output.
let isOutputLost = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isOutputLost) return;
  isOutputLost = true;
  const why = describeFileError(error);
  process.stderr.write(
    `error: cannot write standard output: ${why}: the command goes on without it; look at what it did before you run it again with its output elsewhere\n`,
  );
  process.on('exit', () => (process.exitCode = 3));
});
process.stderr.on('error', () => {}); // the exit code is all that is left to say
const stdout = wholeOutput(process.stdout);

const [name = '', ...args] = asCommand(process.argv.slice(2));
const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (entry !== undefined) {
  entry.prepare?.();
  const command = await entry.load();
  process.exitCode = await command(args, {
    // Few commands read it, and it takes time to make.
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr: process.stderr,
  });
} else if (name === '--help' || name === '-h' || name === 'help') {
  stdout.write(HELP);
} else {
  process.stderr.write(
    `${name === '' ? 'error: a command is missing' : messageLine(`error: unknown command "${name}"`)}\n\n${HELP}`,
  );
  process.exitCode = 2;
}

/** `help COMMAND` and `--version`, which other programs have, as the commands that they are here. */
function asCommand(words: readonly string[]): readonly string[] {
  const [first, ...rest] = words;
  if (first === '--version') return ['version', ...rest];
  return first === 'help' && rest.length > 0 ? [...rest, '--help'] : words;
}
