import { INJECTION_ANNOTATIONS, NAMESPACE_DEFAULT_LABEL } from '../../resources/names.ts';
import { isObjectName, MAX_OBJECT_NAME } from '../../resources/object-name.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { trimmed } from '../../resources/white-space.ts';
import type { Problem } from '../decision.ts';
import { quote } from '../text.ts';
import { closestTokenName } from './token-name.ts';
import { joinWarnings, NO_WARNINGS, type Warning, type WithWarnings } from '../warnings.ts';

const KEY = INJECTION_ANNOTATIONS.token;

/** Each token costs something in each container. */
export const MAX_TOKENS = 32;

/** The annotation's tokens, else the namespace's default, else none. */
export function readTokens(
  value: string | undefined,
  defaultToken: string | undefined,
): WithWarnings<Result<readonly string[], Problem>> {
  if (value === undefined) return { ...readDefault(defaultToken), warnings: NO_WARNINGS };
  const { items, warnings: ofList } = splitList(KEY, value);
  const tokens = [...new Set(items)];
  const warnings = tokens.length === items.length ? ofList : joinWarnings(ofList, warnOfDuplicate(items));
  return { ...checkTokens(tokens), warnings };
}

function checkTokens(tokens: readonly string[]): Result<readonly string[], Problem> {
  if (tokens.length > MAX_TOKENS) return fail(explainTooManyTokens(tokens.length));
  const wrong = tokens.find((token) => !isObjectName(token));
  if (wrong === undefined) return ok(tokens);
  const { what, remedy } = explainTokenName(wrong);
  return fail({ what: `annotation ${KEY}: ${what}`, remedy });
}

function warnOfDuplicate(items: readonly string[]): readonly Warning[] {
  const seen = new Set<string>();
  const isRepeated = (item: string): boolean => seen.has(item) || !seen.add(item);
  const duplicate = items.find(isRepeated) ?? '';
  const text = `annotation ${KEY} names ${quote(duplicate, 40)} twice: it is injected once`;
  return [{ kind: 'duplicateToken', text }];
}

/** The problem with a list of `count` tokens. */
export function explainTooManyTokens(count: number): Problem {
  return { what: `annotation ${KEY} names ${count} tokens`, remedy: `name at most ${MAX_TOKENS}` };
}

function readDefault(defaultToken: string | undefined): Result<readonly string[], Problem> {
  if (defaultToken === undefined) return ok([]);
  if (isObjectName(defaultToken)) return ok([defaultToken]);
  const { what, remedy } = explainTokenName(defaultToken);
  return fail({
    what: `label ${NAMESPACE_DEFAULT_LABEL} of the namespace: ${what}`,
    remedy: `${remedy}, or annotate the pod with ${INJECTION_ANNOTATIONS.inject}: "false"`,
  });
}

/** Explains the fault of a name, with the closest name that is valid. */
export function explainTokenName(name: string): Problem {
  return { what: `${quote(name)} is not a valid token name`, remedy: correctTokenName(name) };
}

function correctTokenName(name: string): string {
  if (name.includes('='))
    return 'if it is another annotation, give each one separately (kubectl run: an --annotations for each)';
  const nearest = closestTokenName(name);
  return nearest === undefined
    ? 'use lower case letters, digits, "-" and "."'
    : `the closest valid one is ${quote(nearest, MAX_OBJECT_NAME)}`;
}

/** The items of a comma-separated value that is trimmed itself: trimmed, without the empty ones. */
export function splitList(key: string, value: string): WithWarnings<{ readonly items: readonly string[] }> {
  const all = value.split(',').map(trimmed);
  const items = all.filter((item) => item !== '');
  if (items.length === all.length) return { items, warnings: NO_WARNINGS };
  const text = `annotation ${key} has an empty item: it is ignored`;
  return { items, warnings: [{ kind: 'emptyItem', text }] };
}
