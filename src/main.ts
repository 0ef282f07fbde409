#!/usr/bin/env node
import { COMMANDS } from './commands/all-commands.ts';

const COMMAND_LIST = Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n');

const HELP = `jwt-injector keeps JSON Web Tokens fresh in Kubernetes Secrets and injects them into pods.

Usage: jwt-injector COMMAND [flags]

${COMMAND_LIST}

Each command has a help of its own: jwt-injector COMMAND --help
`;

// A reader may stop early (`| head`). Nobody reads what is printed then, but a command that writes has to finish what it
// began, and to say by its exit code how it went.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const [name = '', ...args] = process.argv.slice(2);
const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (entry !== undefined) {
  entry.prepare?.();
  const command = await entry.load();
  process.exitCode = await command(args, process);
} else if (name === '--help' || name === '-h' || name === 'help') {
  process.stdout.write(HELP);
} else {
  process.stderr.write(
    `${name === '' ? 'error: a command is missing' : `error: unknown command "${name}"`}\n\n${HELP}`,
  );
  process.exitCode = 2;
}
