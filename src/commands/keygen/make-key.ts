import { unlink } from 'node:fs/promises';
import type { JsonObject } from '../../resources/json.ts';
import { parseJwtSpec } from '../../resources/jwt.ts';
import { generateKey } from '../../signing/generate-key.ts';
import { lintJwt } from '../../signing/lint.ts';
import { findAdvice } from '../../signing/lint/advice.ts';
import { commandPrinter } from '../cluster/command-printer.ts';
import type { Access } from '../cluster/connect.ts';
import type { ConnectFlags } from '../cluster/connect-flags.ts';
import type { Io } from '../io.ts';
import { writeNewFiles } from '../output/new-files.ts';
import { printProblems } from '../print-problems.ts';
import { printReport, type OutputFormat } from '../output/report-output.ts';
import { describeMadeKey } from './made-key-lines.ts';
import { reportKey, type KeyReport, type MadeKey } from './made-key-report.ts';
import { keyFile, type KeyFile } from './key-files.ts';
import { jwkFor, keySecret, keySecretName } from '../issuer/key-halves.ts';
import { jwtFor, toYaml, type KeyPlan } from './manifests.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** The options of `keygen`. */
export interface KeygenOptions extends Omit<KeyPlan, 'namespace'> {
  /** Folder of the files. */
  readonly dir: string;
  /** Create the Secret in the cluster instead of making a file of it. */
  readonly toCluster: boolean;
  readonly flags: ConnectFlags;
  readonly output: OutputFormat;
}

/** `jwt-injector keygen`. */
export async function makeKeyForJwt(options: KeygenOptions, io: Io): Promise<ExitCode> {
  if (!options.toCluster) return makeKey(options, undefined, io);
  const { withCluster } = await import('../cluster/connect.ts');
  return withCluster(options.flags, io, (access) => makeKey(options, access, io));
}

/** `access`: to the cluster in which the Secret is created; without it a file holds it. */
async function makeKey(options: KeygenOptions, access: Access | undefined, io: Io): Promise<ExitCode> {
  const namespace = access?.namespace ?? options.flags.namespace;
  const plan: KeyPlan = { ...options, namespace };
  const generated = await generateKey(options.algorithm);
  const { pem } = generated;
  const publicKey = jwkFor(generated);
  const jwt = jwtFor(plan, publicKey.kid);
  const problem = await findProblem(jwt, io);
  if (problem !== undefined) return printProblems([{ exit: EXIT.usage, message: problem }], io);
  const files = [
    ...(access === undefined ? privateFiles(plan, options, pem) : []),
    keyFile('jwt', options, toYaml(jwt)),
    keyFile('publicKey', options, `${toJson(publicKey)}\n`),
  ];
  const written = await writeNewFiles(files);
  if (!written.ok) return printProblems([written.problem], io);
  const { name, issuer, algorithm } = plan;
  const made = { name, namespace, issuer, algorithm, publicKey, files, secret: undefined };
  if (access !== undefined) return createSecret(made, pem, access, options, io);
  print(made, options, io);
  return EXIT.done;
}

/** The files that hold the private key. */
function privateFiles(plan: KeyPlan, options: KeygenOptions, pem: string): readonly KeyFile[] {
  const secret = keySecret({ ...plan, name: keySecretName(plan.name) }, pem);
  return [keyFile('privateKey', options, pem), keyFile('keySecret', options, toYaml(secret))];
}

/** Creates the Secret of the private key. Without it the files are removed: they would name a key that nobody has. */
async function createSecret(
  made: MadeKey,
  pem: string,
  access: Access,
  options: KeygenOptions,
  io: Io,
): Promise<ExitCode> {
  let isNeeded = false;
  try {
    const { createSecretOfKey } = await import('./create-secret.ts');
    const secret = { namespace: access.namespace, name: keySecretName(made.name) };
    const created = await createSecretOfKey(access, secret, pem);
    isNeeded = created.ok || created.problem.mayExist;
    if (!created.ok) return printProblems([created.problem], io);
    print({ ...made, secret }, options, io);
    return EXIT.done;
  } finally {
    if (!isNeeded) await Promise.all(made.files.map(({ path }) => unlink(path)));
  }
}

function print(made: MadeKey, { output, flags }: KeygenOptions, io: Io): void {
  printReport<KeyReport>(io, output, reportKey(made), (_report, paint) =>
    describeMadeKey(made, commandPrinter(flags), paint),
  );
}

/** Why no JWT can be made of what was given. Warnings and advice are printed. */
async function findProblem(jwt: JsonObject, { stderr }: Io): Promise<string | undefined> {
  const { refusals, warnings } = await lintJwt(jwt['spec']);
  const [fault] = [...refusals, ...warnings.filter(({ rule }) => rule.startsWith('issuer-'))];
  if (fault !== undefined) return fault.message.replace('spec.issuer', '--issuer');
  const spec = parseJwtSpec(jwt['spec']);
  const advice = spec.ok ? findAdvice(spec.value) : [];
  for (const { message } of [...warnings, ...advice]) stderr.write(`warning: ${message}\n`);
  return undefined;
}

function toJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
