import { isObjectName } from '../../resources/object-name.ts';
import { GROUP } from '../../resources/names.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { describeGiven, unexpectedArgument } from './given-words.ts';

/** The words that kubectl takes; `kubectl get -o name` prints the singular with its group. */
const JWT_WORDS: ReadonlySet<string> = new Set(['jwt', 'jwts', `jwt.${GROUP}`, `jwts.${GROUP}`]);

/** Whether a word before the name of an object says that this is a JWT. */
export function isJwtKind(word: string): boolean {
  return JWT_WORDS.has(word.toLowerCase());
}

/** The name of the one JWT that a command is for: `NAME`, `jwt NAME` or `jwt/NAME`. `verb`: what is done to it. */
export function readJwtName(words: readonly string[], verb: string): Result<string, string> {
  const names = readJwtNames(words);
  if (!names.ok) return names;
  const [name, ...more] = names.value;
  if (name === undefined) return MISSING;
  return more.length === 0 ? ok(name) : fail(unexpectedArgument(more, `${verb} one JWT at a time`));
}

/** The names of any number of JWTs, each once: `NAME` or `jwt/NAME`, or all of them after the word `jwt`. */
export function readJwtNames(words: readonly string[]): Result<readonly string[], string> {
  const [first = '', ...others] = words;
  const names = new Set<string>();
  for (const word of others.length > 0 && isJwtKind(first) ? others : words) {
    const [kind = '', name = kind, ...more] = word.split('/');
    if (name === '') return MISSING;
    const checked = checkObjectName(name);
    if (!checked.ok) return checked;
    if (more.length > 0 || (word.includes('/') && !isJwtKind(kind)))
      return fail(`${describeGiven(word)} is not a JWT: use NAME or jwt/NAME`);
    names.add(name);
  }
  return ok([...names]);
}

/**
 * The name of an object, if it can be one (Kubernetes API, DNS-1123 subdomain). What cannot is neither sent, as the API server
 * writes paths into its audit log, nor quoted: it may be a token that was pasted in its place.
 */
export function checkObjectName(name: string): Result<string, string> {
  return isObjectName(name)
    ? ok(name)
    : fail('what was given as a name cannot be one: names have lower-case letters, digits, "-" and "."');
}

const MISSING = fail('the name of a JWT is missing');
