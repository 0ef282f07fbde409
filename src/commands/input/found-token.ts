import { MAX_LEVELS, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { MAX_TOKEN_BYTES, readSecretData } from '../../resources/secret.ts';
import { isTooDeep, readToken, type ReadToken } from '../../signing/token.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** A token that was found, and where, for messages. Its text is a secret: anyone who has it can use it. */
export interface FoundToken extends ReadToken {
  readonly source: string;
  readonly text: string;
}

/** The token in the wire JSON, or the manifest, of a Secret. */
export function findSecretToken(
  secret: JsonObject,
  key: string,
  source: string,
): Result<FoundToken, CommandProblem> {
  const text = stringMember(objectMember(secret, 'stringData'), key) ?? readSecretData(secret, key) ?? '';
  return text.trim() === ''
    ? refuseToken(source, `has no data key "${key}" with a token`)
    : readFoundToken(text.trim(), source);
}

/** Reads a token; messages never quote any of the text, and say `source` for where it was. */
export function readFoundToken(text: string, source: string): Result<FoundToken, CommandProblem> {
  if (text.length > MAX_TOKEN_BYTES)
    return refuseToken(source, `has more than ${MAX_TOKEN_BYTES} characters: no token is that long`);
  if (/\s/.test(text))
    return refuseToken(source, 'is not a token: there is white space within it, and a token has none');
  const token = readToken(text);
  if (token === undefined)
    return refuseToken(
      source,
      'is not a token: it must be three parts of base64url, divided by dots (RFC 7515)',
    );
  if (isTooDeep(token))
    return refuseToken(source, `is nested deeper than ${MAX_LEVELS} levels: no token is that deep`);
  return ok({ ...token, source, text });
}

/** A problem of what was found at `source`. */
export function refuseToken(
  source: string,
  problem: string,
): { readonly ok: false; readonly problem: CommandProblem } {
  return fail({ exit: EXIT.refused, message: `${source} ${problem}` });
}
