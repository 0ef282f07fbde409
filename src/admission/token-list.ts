import { INJECTION_ANNOTATIONS, NAMESPACE_DEFAULT_LABEL } from '../resources/names.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { Problem } from './decision.ts';
import { closestTokenName, isTokenName } from './token-name.ts';
import type { Warnings } from './warnings.ts';
import { quote } from './text.ts';

const KEYS = INJECTION_ANNOTATIONS;

/** What a token costs, it costs in each container. */
export const MAX_TOKENS = 32;

/** The annotation's tokens, else the namespace's default, else none. */
export function readTokens(
  value: string | undefined,
  namespaceDefault: string | undefined,
  warnings: Warnings,
): Result<readonly string[], Problem> {
  if (value === undefined) return readDefault(namespaceDefault);
  const items = splitList(KEYS.token, value, warnings);
  const tokens = items.length === 1 ? items : [...new Set(items)];
  if (tokens.length < items.length) warnTwice(items, warnings);
  if (tokens.length > MAX_TOKENS) return fail(explainTooManyTokens(tokens.length));
  const wrong = tokens.find((token) => !isTokenName(token));
  if (wrong === undefined) return ok(tokens);
  const { what, remedy } = explainTokenName(wrong);
  return fail({ what: `annotation ${KEYS.token}: ${what}`, remedy });
}

function warnTwice(items: readonly string[], warnings: Warnings): void {
  const seen = new Set<string>();
  const isAgain = (item: string): boolean => seen.has(item) || !seen.add(item);
  const twice = items.find(isAgain) ?? '';
  warnings.add(
    'duplicateToken',
    `annotation ${KEYS.token} names ${quote(twice, 40)} twice: it is injected once`,
  );
}

export function explainTooManyTokens(count: number): Problem {
  return {
    what: `annotation ${KEYS.token} names ${count} tokens`,
    remedy: `name at most ${MAX_TOKENS}`,
  };
}

function readDefault(namespaceDefault: string | undefined): Result<readonly string[], Problem> {
  if (namespaceDefault === undefined) return ok([]);
  if (isTokenName(namespaceDefault)) return ok([namespaceDefault]);
  const { what, remedy } = explainTokenName(namespaceDefault);
  return fail({
    what: `label ${NAMESPACE_DEFAULT_LABEL} of the namespace: ${what}`,
    remedy: `${remedy}, or annotate the pod with ${KEYS.inject}: "false"`,
  });
}

/** What is wrong with a name that is no name of a token. */
export function explainTokenName(name: string): Problem {
  const nearest = closestTokenName(name);
  return {
    what: `${quote(name)} is no valid name of a token`,
    remedy:
      nearest === undefined
        ? 'use lower case letters, digits, "-" and "."'
        : `the closest valid one is ${quote(nearest, 253)}`,
  };
}

/** The items of a comma-separated value that is trimmed itself: trimmed, without the empty ones. */
export function splitList(key: string, value: string, warnings?: Warnings): readonly string[] {
  if (!value.includes(',')) return [value];
  const items = value.split(',').map((item) => item.trim());
  const filled = items.filter((item) => item !== '');
  if (filled.length < items.length)
    warnings?.add('emptyItem', `annotation ${key} has an empty item: it is ignored`);
  return filled;
}
