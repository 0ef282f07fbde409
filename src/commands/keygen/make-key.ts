import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import type { JsonObject } from '../../resources/json.ts';
import { parseJwtSpec } from '../../resources/jwt.ts';
import { generateKey } from '../../signing/generate-key.ts';
import { lintJwt } from '../../signing/lint.ts';
import { findAdvice } from '../../signing/lint/advice.ts';
import type { ConnectFlags } from '../cluster/connect-flags.ts';
import type { Io } from '../io.ts';
import { writeNewFiles, type NewFile } from '../output/new-files.ts';
import { formatTable } from '../output/table.ts';
import { printReport, type OutputFormat, type Paint } from '../output/report-output.ts';
import { jwkFor, jwtFor, keySecret, keySecretName, toYaml, type KeyPlan } from './manifests.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** What `keygen` was asked. */
export interface KeygenOptions extends Omit<KeyPlan, 'namespace'> {
  /** Folder of the files. */
  readonly dir: string;
  /** Create the Secret in the cluster instead of making a file of it. */
  readonly toCluster: boolean;
  readonly flags: ConnectFlags;
  readonly output: OutputFormat;
}

/** What was made, as `-o json` prints it; never the private key. */
interface KeyReport {
  readonly name: string;
  readonly issuer: string;
  /** Also the RFC 7638 thumbprint. */
  readonly keyId: string;
  readonly algorithm: string;
  readonly files: readonly { readonly path: string; readonly what: string }[];
  /** The Secret that was created in the cluster. */
  readonly secret: { readonly namespace: string; readonly name: string } | undefined;
  /** To be published. */
  readonly publicKey: JWK;
}

const PRIVATE = 0o600;
const PUBLIC = 0o644;

/** `jwt-injector keygen`. */
export async function makeKeyForJwt(options: KeygenOptions, io: Io): Promise<ExitCode> {
  const { name, toCluster, flags } = options;
  const plan: KeyPlan = { ...options, namespace: flags.namespace };
  const made = await generateKey(options.algorithm);
  const publicKey = jwkFor(made);
  const jwt = jwtFor(plan, publicKey.kid);
  const problem = await findProblem(jwt, io);
  if (problem !== undefined) {
    io.stderr.write(`error: ${problem}\n`);
    return EXIT.usage;
  }
  const files = [
    file(options, 'jwt.yaml', 'the JWT', toYaml(jwt), PUBLIC),
    file(options, 'jwk.json', 'the public key, to be published', `${toJson(publicKey)}\n`, PUBLIC),
  ];
  const report = { name, issuer: plan.issuer, keyId: publicKey.kid, algorithm: plan.algorithm, publicKey };
  if (!toCluster) {
    const secret = toYaml(keySecret({ ...plan, name: keySecretName(name) }, made.pem));
    files.unshift(
      file(options, 'key.pem', 'the private key', made.pem, PRIVATE),
      file(options, 'key-secret.yaml', 'the Secret that holds it', secret, PRIVATE),
    );
  }
  const shown = files.map(({ path, what }) => ({ path, what }));
  const written = await writeNewFiles(files);
  if (!written.ok) {
    io.stderr.write(`error: ${written.problem.message}\n`);
    return written.problem.exit;
  }
  if (!toCluster) {
    printReport<KeyReport>(io, options.output, { ...report, files: shown, secret: undefined }, describeKey);
    return EXIT.done;
  }
  let isDone = false;
  try {
    const { createKeySecret } = await import('../cluster/create-key-secret.ts');
    const { withCluster } = await import('../cluster/connect.ts');
    return await withCluster(flags, io, async ({ client, namespace }) => {
      const secret = { namespace, name: keySecretName(name) };
      const created = await createKeySecret(client, keySecret(secret, made.pem), FIELD_MANAGER);
      if (!created.ok) {
        io.stderr.write(`error: ${created.problem}: choose another name for the JWT\n`);
        return EXIT.refused;
      }
      isDone = true;
      printReport<KeyReport>(io, options.output, { ...report, files: shown, secret }, describeKey);
      return EXIT.done;
    });
  } finally {
    // They would name a key that nobody has.
    if (!isDone) await Promise.all(files.map(({ path }) => unlink(path)));
  }
}

const FIELD_MANAGER = 'jwt-injector-keygen';

function file(
  { dir, name }: KeygenOptions,
  suffix: string,
  what: string,
  text: string,
  mode: number,
): NewFile & { readonly what: string } {
  return { path: join(dir, `${name}-${suffix}`), what, text, mode };
}

/** Why no JWT can be made of what was given. Warnings and advice are printed. */
async function findProblem(jwt: JsonObject, { stderr }: Io): Promise<string | undefined> {
  const { refusals, warnings } = await lintJwt(jwt['spec'], { isNew: true });
  const [refusal] = refusals;
  if (refusal !== undefined) return refusal.message;
  const issuer = warnings.find(({ rule }) => rule.startsWith('issuer-'));
  if (issuer !== undefined) return issuer.message.replace('correct spec.issuer', 'correct --issuer');
  const spec = parseJwtSpec(jwt['spec']);
  const advice = spec.ok ? findAdvice(spec.value) : [];
  for (const { message } of [...warnings, ...advice]) stderr.write(`warning: ${message}\n`);
  return undefined;
}

function describeKey(report: KeyReport, paint: Paint): readonly string[] {
  const { name, issuer, keyId, algorithm, files, secret, publicKey } = report;
  const rows = files.map(({ path, what }) => [`  ${path}`, what]);
  const created =
    secret === undefined
      ? []
      : [[`  Secret ${secret.namespace}/${secret.name}`, 'the private key, in the cluster']];
  const pathOf = (suffix: string): string => files.find(({ path }) => path.endsWith(suffix))?.path ?? '';
  const where = secret === undefined ? '' : ` -n ${secret.namespace}`;
  const manifests =
    secret === undefined ? [pathOf('-key-secret.yaml'), pathOf('-jwt.yaml')] : [pathOf('-jwt.yaml')];
  return [
    paint('bold', `A key for JWT ${name}: ${algorithm}, kid ${keyId}`),
    ...formatTable([...created, ...rows]),
    '',
    paint('bold', 'The public key'),
    `  ${JSON.stringify(publicKey)}`,
    '',
    paint('bold', 'Next'),
    `  jwt-injector jwks -f ${pathOf('-jwk.json')} --issuer ${issuer} --dir site/`,
    `  kubectl apply${manifests.map((path) => ` -f ${path}`).join('')}${where}`,
    `  jwt-injector verify jwt ${name}${where}`,
  ];
}

function toJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
