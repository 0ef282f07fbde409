#!/usr/bin/env node
import { fitHeapToContainer } from './service/container-heap.ts';
import type { Command } from './commands/io.ts';

const HELP = `jwt-injector keeps JSON Web Tokens fresh in Kubernetes Secrets and injects them into pods.

Usage: jwt-injector COMMAND [flags]

  run       serve the admission webhook and keep tokens fresh
  sign      print the token of a JWT file, without a cluster
  inject    print a pod or workload as the webhook would change it, without a cluster
  explain   why a pod does or does not get its token, and what a JWT waits for
  renew     sign a new token now, before its time
  migrate   find, fix and take away what token-manager left in the cluster
  version   print the version

Each command explains itself with --help.
`;

/** Loaded when asked for: `sign` need not load a web server, nor `version` anything at all. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).runCommand,
  sign: async () => (await import('./commands/sign.ts')).signCommand,
  inject: async () => (await import('./commands/inject.ts')).injectCommand,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  renew: async () => (await import('./commands/renew.ts')).renewCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  version: async () => (await import('./commands/version.ts')).versionCommand,
};

// Whoever reads may stop early (`| head`): then nobody is left to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const [name = '', ...args] = process.argv.slice(2);
if (name === 'run') fitHeapToContainer(process);
const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (load !== undefined) {
  const command = await load();
  process.exitCode = await command(args, process);
} else if (name === '--help' || name === '-h' || name === 'help') {
  process.stdout.write(HELP);
} else {
  process.stderr.write(
    `${name === '' ? 'error: a command is missing' : `error: unknown command "${name}"`}\n\n${HELP}`,
  );
  process.exitCode = 2;
}
