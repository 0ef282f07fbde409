import { TOKEN_KEY } from '../../resources/names.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { describeGiven, unexpectedArgument } from './given-words.ts';
import { checkObjectName, isJwtKind, readJwtName } from './jwt-name.ts';

/** The place of a token. */
export type TokenPlace =
  | { readonly from: 'argument'; readonly text: string }
  | { readonly from: 'file'; readonly filename: string }
  | { readonly from: 'jwt'; readonly name: string }
  | { readonly from: 'secret'; readonly name: string; readonly key: string };

/** The flags that go with `readTokenPlace`. */
export const TOKEN_FLAGS = {
  filename: {
    type: 'string',
    short: 'f',
    isInput: true,
    value: 'FILE',
    help: 'a token, {"access_token": …}, or a Secret as YAML or JSON; - reads standard\ninput',
  },
  key: { type: 'string', value: 'KEY', help: 'data key of the Secret (default token)' },
} as const;

/**
 * A compact JWS or JWE: its header is a JSON object, which begins with `{"`, or with `{` and white space (RFC 7515 §7.1, RFC 7516
 * §7.1). Names of objects are lower case, and base64url of such a header is not.
 */
const COMPACT = /^e[yw](?=[\w.-]*[A-Z])[\w-]+(?:\.[\w-]*){2,4}$/;

/** Whether the text looks like a token. */
export function isCompact(text: string): boolean {
  return COMPACT.test(text);
}

/** The word in the header `Authorization` (RFC 6750 §2.1). */
const SCHEME = /^bearer\s+/i;

/** The token alone, of a text that was copied with what is before it in the header `Authorization`. */
export function withoutScheme(text: string): string {
  return text.replace(SCHEME, '');
}

/** Reads `-f FILE`, `-`, `NAME` of a JWT, `jwt NAME`, `secret NAME`, either also with a slash, or a token itself. */
export function readTokenPlace(
  { filename, key }: { readonly filename?: string | undefined; readonly key?: string | undefined },
  words: readonly string[],
): Result<TokenPlace, string> {
  const pasted = withoutScheme(words.join(' '));
  if (isCompact(pasted) && filename === undefined && key === undefined)
    return ok({ from: 'argument', text: pasted });
  const [first = '', second, ...more] = words.length === 1 ? (words[0] ?? '').split('/') : words;
  if (more.length > 0) return fail(unexpectedArgument(more, 'one token at a time'));
  if (filename !== undefined) {
    if (words.length > 0)
      return fail('-f reads a file, and what is named besides is elsewhere: use one of them');
    return key === undefined ? ok({ from: 'file', filename }) : fail('--key is for secret NAME');
  }
  const isSecret = second !== undefined && /^secrets?$/i.test(first);
  if (key !== undefined && !isSecret) return fail('--key is for secret NAME');
  if (first === '')
    return fail('a token is missing: name a JWT, or use secret NAME, -f FILE, or - for standard input');
  if (isSecret) {
    if (second === '') return fail('the name of a Secret is missing');
    const name = checkObjectName(second);
    return name.ok ? ok({ from: 'secret', name: name.value, key: key ?? TOKEN_KEY }) : name;
  }
  if (second === undefined && first === '-') return ok({ from: 'file', filename: '-' });
  if (second !== undefined && !isJwtKind(first))
    return fail(`${describeGiven(first)} has no token: use jwt NAME or secret NAME`);
  const name = readJwtName(words, 'read the token of');
  return name.ok ? ok({ from: 'jwt', name: name.value }) : name;
}
