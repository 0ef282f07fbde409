import { toSeconds } from '../time/units.ts';
import { randomUUID } from 'node:crypto';
import { member, type JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { kubectl, shellCommand } from '../resources/shell-words.ts';
import { draftToken } from '../signing/draft-token.ts';
import { readSigningKey } from '../signing/key.ts';
import { lintJwt } from '../signing/lint.ts';
import { signToken } from '../signing/token.ts';
import type { FlagValues } from './parse-flags.ts';
import { readDocuments } from './input/documents.ts';
import {
  findKeyConflict,
  findKeyInFile,
  readJwtDocument,
  warnOfUnknownFields,
  type KeyInFile,
} from './input/jwt-document.ts';
import { nameFileAgain, readText, showFilename } from './input/read-text.ts';
import type { Io } from './io.ts';
import { printProblems } from './print-problems.ts';
import { makeCommand } from './make-command.ts';
import { EXIT, type ExitCode } from './command.ts';

const FLAGS = {
  filename: {
    type: 'string',
    short: 'f',
    isInput: true,
    value: 'FILE',
    help: 'YAML or JSON with one or more JWTs; - reads standard input',
  },
  key: {
    type: 'string',
    isInput: true,
    value: 'FILE',
    help: 'private key, PEM or JWK; - reads standard input',
  },
} as const;

/** `jwt-injector sign`: what the reconcile loop would sign, printed. */
export const signCommand = makeCommand({
  usage: ['sign -f FILE [--key FILE]'],
  description: `Signs the token of each JWT in FILE and prints it, without a cluster. The private key comes from --key,
otherwise from the JWT itself, otherwise from a Secret in the same file.`,
  flags: FLAGS,
  examples: ['sign -f my-jwt.yaml', 'sign -f my-jwt.yaml --key my-key.pem', 'sign -f - < my-jwt.yaml'],
  notes: `Warnings go to standard error. Exit code 1: a token cannot be signed; 2: wrong usage; 3: a file could not
be read.`,
  readOptions,
  run: signFile,
});

async function signFile(options: Options, io: Io): Promise<ExitCode> {
  const { filename, key } = options;
  const shown = showFilename(filename);
  const documents = await readDocuments(filename, io);
  if (!documents.ok) return printProblems([documents.problem], io);
  const keyText = key === undefined ? undefined : await readText(key, io);
  if (keyText !== undefined && !keyText.ok) return printProblems([keyText.problem], io);
  const keyPlace = key === '-' ? showFilename(key) : `--key ${key}`;
  const givenKey = keyText === undefined ? undefined : { text: keyText.value, where: keyPlace };
  const jwts = documents.value.filter((document) => member(document, 'kind') === 'JWT');
  if (jwts.length === 0)
    return printProblems([{ exit: EXIT.refused, message: `${shown} contains no JWT (kind: JWT)` }], io);
  for (const document of jwts) {
    const signed = await signDocument(document, givenKey, { filename, objects: documents.value });
    if (!signed.ok)
      return printProblems([{ exit: EXIT.refused, message: `${shown}: ${signed.problem}` }], io);
    for (const warning of signed.value.warnings) io.stderr.write(`warning: ${shown}: ${warning}\n`);
    io.stdout.write(`${signed.value.token}\n`);
  }
  return EXIT.done;
}

type Options = { readonly filename: string; readonly key: string | undefined };

function readOptions({ filename, key }: FlagValues<typeof FLAGS>): Result<Options, string> {
  return filename === undefined
    ? fail('-f FILE is missing: it names the file with the JWT')
    : ok({ filename, key });
}

interface SignedToken {
  readonly token: string;
  readonly warnings: readonly string[];
}

/** A problem is one sentence that begins with the JWT's name. */
async function signDocument(
  document: JsonObject,
  givenKey: KeyText | undefined,
  file: { readonly filename: string; readonly objects: readonly JsonObject[] },
): Promise<Result<SignedToken, string>> {
  const jwt = readJwtDocument(document);
  if (!jwt.ok) return jwt;
  const named = (text: string): string => `JWT ${jwt.value.name}: ${text}`;
  if (!jwt.value.spec.ok) return fail(named(jwt.value.spec.problem.message));
  const spec = jwt.value.spec.value;
  const conflict = findKeyConflict(jwt.value, spec);
  if (conflict !== undefined) return fail(named(conflict.message));
  const text =
    givenKey === undefined
      ? findKeyText(findKeyInFile(jwt.value, spec, file.objects), file.filename)
      : ok(givenKey);
  if (!text.ok) return fail(named(text.problem));
  const key = await readSigningKey(text.value.text, spec.algorithm);
  if (!key.ok) return fail(named(`${text.value.where}: ${key.problem.message}`));
  const now = Math.floor(toSeconds(Date.now()));
  const { claims } = draftToken(spec, key.value, { now, jti: randomUUID() });
  if (!claims.ok) return fail(named(claims.problem.message));
  const findings = await lintJwt(document['spec']);
  const refusal = findings.refusals.find(({ rule }) => rule !== 'key');
  if (refusal !== undefined) return fail(named(refusal.message));
  const warnings = [
    ...warnOfUnknownFields(document['spec']),
    ...findings.warnings.map(({ message }) => message),
  ];
  return ok({ token: await signToken(key.value, spec.keyId, claims.value), warnings: warnings.map(named) });
}

/** A key's text, and where it was found, for messages. */
interface KeyText {
  readonly text: string;
  readonly where: string;
}

function findKeyText(found: KeyInFile, filename: string): Result<KeyText, string> {
  if (found.from === 'value') return ok({ text: found.text, where: 'spec.key.value' });
  const { text, place, namespace, name, key } = found;
  if (text !== undefined) return ok({ text, where: place });
  const path = key.replaceAll('.', String.raw`\.`);
  const where = namespace === '' ? [] : ['-n', namespace];
  const print = kubectl('get', 'secret', name, ...where, '-o', `jsonpath={.data.${path}}`);
  const sign = shellCommand('jwt-injector', ['sign', '-f', nameFileAgain(filename), '--key', '-']);
  return fail(
    `its key is in ${place}, which is not in the file: give it with --key (${print} | base64 -d | ${sign})`,
  );
}
