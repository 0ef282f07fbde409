import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { TOKEN_KEY } from '../../resources/names.ts';
import { LONGEST_TOKEN, readSecretData } from '../../resources/secret.ts';
import { readToken, type ReadToken } from '../../signing/token.ts';
import type { ConnectFlags } from '../cluster/connect-flags.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { readEditable } from './editable-yaml.ts';
import { listObjects } from './documents.ts';
import { readText, type InputProblem } from './read-text.ts';

/** Where a token is. */
export type TokenPlace =
  | { readonly from: 'argument'; readonly text: string }
  | { readonly from: 'file'; readonly filename: string }
  | { readonly from: 'jwt'; readonly name: string }
  | { readonly from: 'secret'; readonly name: string; readonly key: string };

/** A token that was found, and where, for messages. Its text is a secret: whoever has it may use it. */
export interface FoundToken extends ReadToken {
  readonly source: string;
  readonly text: string;
}

/** The flags that go with `readTokenPlace`. */
export const TOKEN_FLAGS = {
  filename: {
    type: 'string',
    short: 'f',
    value: 'FILE',
    help: 'a token, {"access_token": …}, or a Secret as YAML or JSON; - reads standard\ninput',
  },
  key: { type: 'string', value: 'KEY', help: 'data key of the Secret (default token)' },
} as const;

/** A compact JWS: its header is a JSON object, which begins with `{"` (RFC 7515 §7.1). */
const COMPACT = /^ey[\w-]+\.[\w-]+\.[\w-]*$/;

/** Reads `-f FILE`, `-`, `NAME` of a JWT, `jwt NAME`, `secret NAME`, either also with a slash, or a token itself. */
export function readTokenPlace(
  { filename, key }: { readonly filename?: string | undefined; readonly key?: string | undefined },
  words: readonly string[],
): Result<TokenPlace, string> {
  const [first = '', second, ...more] = words.length === 1 ? (words[0] ?? '').split('/') : words;
  if (more.length > 0) return fail(`"${more.join(' ')}" is too much: one token at a time`);
  if (filename !== undefined) {
    if (words.length > 0)
      return fail(`-f reads a file, and "${words.join(' ')}" is elsewhere: use one of them`);
    return key === undefined ? ok({ from: 'file', filename }) : fail('--key is for secret NAME');
  }
  const isSecret = second !== undefined && /^secrets?$/i.test(first);
  if (key !== undefined && !isSecret) return fail('--key is for secret NAME');
  if (first === '')
    return fail('a token is missing: name a JWT, or use secret NAME, -f FILE, or - for standard input');
  if (second === undefined) {
    if (first === '-') return ok({ from: 'file', filename: '-' });
    return COMPACT.test(first) ? ok({ from: 'argument', text: first }) : ok({ from: 'jwt', name: first });
  }
  if (isSecret) return ok({ from: 'secret', name: second, key: key ?? TOKEN_KEY });
  return /^jwts?$/i.test(first)
    ? ok({ from: 'jwt', name: second })
    : fail(`"${first}" has no token: use jwt NAME or secret NAME`);
}

/** Finds a token and passes it on; what prevents that is printed. The cluster is asked with the caller's rights. */
export async function withToken(
  place: TokenPlace,
  flags: ConnectFlags,
  io: Io,
  action: (token: FoundToken) => Promise<ExitCode>,
): Promise<ExitCode> {
  const use = async (found: Result<FoundToken, InputProblem>): Promise<ExitCode> => {
    if (found.ok) return action(found.value);
    io.stderr.write(`error: ${found.problem.message}\n`);
    return found.problem.exit;
  };
  if (place.from === 'argument') return use(readFound(place.text, 'the argument'));
  if (place.from === 'file') return use(await readTokenFile(place.filename, io));
  const { withCluster } = await import('../cluster/connect.ts');
  const { findTokenInCluster } = await import('../cluster/connect-token.ts');
  return withCluster(flags, io, async (access) => use(await findTokenInCluster(access, place)));
}

async function readTokenFile(filename: string, io: Io): Promise<Result<FoundToken, InputProblem>> {
  const text = await readText(filename, io);
  if (!text.ok) return text;
  const source = filename === '-' ? 'standard input' : filename;
  const trimmed = text.value.trim();
  if (trimmed === '') return refuse(source, 'is empty: there is no token in it');
  const objects = COMPACT.test(trimmed) ? [] : findObjects(trimmed);
  const secrets = objects.filter(({ kind }) => kind === 'Secret');
  if (secrets.length > 1) return refuse(source, 'has more than one Secret: give one of them');
  const [secret] = secrets;
  if (secret !== undefined) return findSecretToken(secret, TOKEN_KEY, `${source}: Secret ${nameOf(secret)}`);
  // What some issuers answer; Pelican reads it, too.
  return readFound(stringMember(objects[0], 'access_token') ?? trimmed, source);
}

function findObjects(text: string): readonly JsonObject[] {
  const documents = readEditable(text);
  return documents.ok ? documents.value.flatMap(listObjects).map(({ object }) => object) : [];
}

function nameOf(secret: JsonObject): string {
  return stringMember(objectMember(secret, 'metadata'), 'name') ?? '';
}

/** The token in the wire JSON, or the manifest, of a Secret. */
export function findSecretToken(
  secret: JsonObject,
  key: string,
  source: string,
): Result<FoundToken, InputProblem> {
  const text = stringMember(objectMember(secret, 'stringData'), key) ?? readSecretData(secret, key) ?? '';
  return text.trim() === ''
    ? refuse(source, `has no data key "${key}" with a token`)
    : readFound(text.trim(), source);
}

/** Messages never quote any of the text. */
function readFound(text: string, source: string): Result<FoundToken, InputProblem> {
  if (text.length > LONGEST_TOKEN)
    return refuse(source, `has more than ${LONGEST_TOKEN} characters: no token is that long`);
  if (/\s/.test(text))
    return refuse(source, 'is not a token: there is white space within it, and a token has none');
  const token = readToken(text);
  return token === undefined
    ? refuse(source, 'is not a token: it must be three parts of base64url, divided by dots (RFC 7515)')
    : ok({ ...token, source, text });
}

function refuse(source: string, problem: string): { readonly ok: false; readonly problem: InputProblem } {
  return fail({ exit: EXIT.refused, message: `${source} ${problem}` });
}
