#!/usr/bin/env node
import { fitHeapToContainer } from './service/container-heap.ts';
import type { Command } from './commands/io.ts';

/** A command is loaded when it is called: `sign` needs no web server, and `version` nothing at all. */
interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: 'serve the admission webhook and keep tokens fresh',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  keygen: {
    summary: 'make a private key, and the Secret and JWT that use it',
    load: async () => (await import('./commands/keygen.ts')).keygenCommand,
  },
  jwks: {
    summary: 'make the documents that an issuer publishes, so that verifiers find its keys',
    load: async () => (await import('./commands/jwks.ts')).jwksCommand,
  },
  sign: {
    summary: 'print the token of a JWT in a file, without a cluster',
    load: async () => (await import('./commands/sign.ts')).signCommand,
  },
  inspect: {
    summary: 'show the claims of a token, and how long it still lives',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  verify: {
    summary: 'say whether each verifier of OSDF accepts a token, and if not, why',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  inject: {
    summary: 'print a pod or workload as the webhook would change it, without a cluster',
    load: async () => (await import('./commands/inject.ts')).injectCommand,
  },
  explain: {
    summary: 'explain why a pod does or does not get its token, and what happens to a JWT next',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
  renew: {
    summary: 'sign a new token now, before it is due',
    load: async () => (await import('./commands/renew.ts')).renewCommand,
  },
  migrate: {
    summary: 'find, fix and remove what token-manager left in the cluster',
    load: async () => (await import('./commands/migrate.ts')).migrateCommand,
  },
  version: {
    summary: 'print the version',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
};

const COMMAND_LIST = Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`)
  .join('\n');

const HELP = `jwt-injector keeps JSON Web Tokens fresh in Kubernetes Secrets and injects them into pods.

Usage: jwt-injector COMMAND [flags]

${COMMAND_LIST}

Each command has a help of its own: jwt-injector COMMAND --help
`;

// The reader may stop early (`| head`): then there is nobody to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const [name = '', ...args] = process.argv.slice(2);
if (name === 'run') fitHeapToContainer(process);
const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (entry !== undefined) {
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
