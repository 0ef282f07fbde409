import { fitHeapToContainer } from '../process/container-heap.ts';
import { exitOnEarlySignals } from '../process/early-signals.ts';
import { shortenPauses } from '../process/garbage-collection.ts';
import type { CommandEntry } from './command-entry.ts';

/** Every verb, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  run: {
    summary: 'serve the admission webhook and keep tokens fresh',
    prepare: () => {
      fitHeapToContainer(process); // first: what a handler has not seen yet is lost when the process begins again
      exitOnEarlySignals();
      shortenPauses();
    },
    load: async () => (await import('./run.ts')).runCommand,
  },
  keygen: {
    summary: 'make a private key, and the Secret and JWT that use it',
    load: async () => (await import('./keygen.ts')).keygenCommand,
  },
  jwks: {
    summary: 'make the documents that an issuer publishes, so that verifiers find its keys',
    load: async () => (await import('./jwks.ts')).jwksCommand,
  },
  sign: {
    summary: 'print the token of a JWT in a file, without a cluster',
    load: async () => (await import('./sign.ts')).signCommand,
  },
  inspect: {
    summary: 'show the claims of a token, and how long it is still valid',
    load: async () => (await import('./inspect.ts')).inspectCommand,
  },
  verify: {
    summary: 'say whether each verifier of OSDF accepts a token, and if not, why',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  inject: {
    summary: 'print a pod or workload as the webhook would change it, without a cluster',
    load: async () => (await import('./inject.ts')).injectCommand,
  },
  explain: {
    summary: 'explain why a pod does or does not get its token, and what happens to a JWT next',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  status: {
    summary: 'show all JWTs, what expires first, and whether their pods have the current token',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  renew: {
    summary: 'sign a new token now, before it is due',
    load: async () => (await import('./renew.ts')).renewCommand,
  },
  rotate: {
    summary: 'replace the key of a JWT, step by step, without a refused token',
    load: async () => (await import('./rotate.ts')).rotateCommand,
  },
  doctor: {
    summary: 'find out what is wrong with the installation, and what helps',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  certs: {
    summary: 'show the certificate of the webhook, and whether the API server trusts it',
    load: async () => (await import('./certs.ts')).certsCommand,
  },
  migrate: {
    summary: 'find, fix and remove what token-manager left in the cluster',
    load: async () => (await import('./migrate.ts')).migrateCommand,
  },
  completion: {
    summary: 'print what a shell needs to complete verbs, flags and names of JWTs',
    load: async () => (await import('./completion.ts')).makeCompletion(COMMANDS),
  },
  version: {
    summary: 'print the version',
    load: async () => (await import('./version.ts')).versionCommand,
  },
};
