import { INJECTION_ANNOTATIONS, NAMESPACE_DEFAULT_LABEL } from '../resources/names.ts';
import type { JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { Problem } from './decision.ts';
import { checkEnvVar, checkFileMode, checkMountPath } from './settings.ts';
import { closestTokenName, isTokenName } from './token-name.ts';
import type { Warnings } from './warnings.ts';
import { quote } from './wording.ts';

const KEYS = INJECTION_ANNOTATIONS;
type Name = keyof typeof KEYS;

/** Values as they count: trimmed, and absent when empty, blank or only commas. */
export type AnnotationValues = { readonly [name in Name]?: string };

/** What a pod asks for, checked as far as that is possible without looking at its containers. */
export interface InjectionRequest {
  /** At least one, no duplicates; the first is the one that the env var names. */
  readonly tokens: readonly string[];
  readonly containers: ContainerSelection;
  readonly mountPath: string;
  readonly envVar: string;
  readonly defaultMode: number;
}

/** `only` and `except` come from a list, which is then not empty. */
export type ContainerSelection =
  | { readonly mode: 'all' }
  | { readonly mode: 'only' | 'except'; readonly names: ReadonlySet<string>; readonly key: string };

const NAMES: readonly Name[] = [
  'token',
  'inject',
  'containers',
  'skipContainers',
  'mountPath',
  'envVar',
  'fileMode',
];

const NAME_OF: ReadonlyMap<string, Name> = new Map(NAMES.map((name) => [KEYS[name], name]));

/** Kubernetes API: all annotations of an object together have at most 256 KiB. */
const MAX_ANNOTATION = 262_144;

/**
 * Picks our annotations out of a pod's. `undefined` when one of them is no string, or too long: then the API server
 * refuses the pod with a better message than we have.
 */
export function readAnnotationValues(
  annotations: JsonObject | undefined,
  warnings?: Warnings,
): AnnotationValues | undefined {
  const values: { -readonly [name in Name]?: string } = {};
  if (annotations === undefined) return values;
  for (const key of Object.keys(annotations)) {
    const name = NAME_OF.get(key);
    if (name === undefined) continue;
    const value = annotations[key];
    if (typeof value !== 'string' || value.length > MAX_ANNOTATION) return undefined;
    const trimmed = value.trim();
    if (trimmed === '' || (trimmed.startsWith(',') && /^[\s,]*$/.test(trimmed)))
      warnings?.add('emptyValue', `annotation ${key} is empty: it counts as not set`);
    else values[name] = trimmed;
  }
  return values;
}

/** Whether the pod said no, to its namespace's default too. */
export function isOptedOut(values: AnnotationValues): boolean {
  return values.inject === 'false';
}

/** `undefined` when nothing is asked for. Warns of what is set without effect. */
export function readRequest(
  values: AnnotationValues,
  namespaceDefault: string | undefined,
  warnings: Warnings,
): Result<InjectionRequest | undefined, Problem> {
  if (values.inject !== undefined && values.inject !== 'true' && values.inject !== 'false') {
    return fail({
      what: `annotation ${KEYS.inject} is ${quote(values.inject)}`,
      remedy: 'set "true" or "false"',
    });
  }
  const tokens = readTokens(values, namespaceDefault, warnings);
  if (!tokens.ok) return tokens;
  if (tokens.value.length === 0) return withoutToken(values, warnings);
  const containers = readSelection(values, warnings);
  if (!containers.ok) return containers;
  const mountPath = checkMountPath(values.mountPath);
  if (!mountPath.ok) return mountPath;
  const envVar = checkEnvVar(values.envVar);
  if (!envVar.ok) return envVar;
  const fileMode = checkFileMode(values.fileMode);
  if (!fileMode.ok) return fileMode;
  return ok({
    tokens: tokens.value,
    containers: containers.value,
    mountPath: mountPath.value,
    envVar: envVar.value,
    defaultMode: fileMode.value,
  });
}

function withoutToken(values: AnnotationValues, warnings: Warnings): Result<undefined, Problem> {
  if (values.inject === 'true') {
    return fail({
      what: `annotation ${KEYS.inject} is "true", but no token is named`,
      remedy: `add ${KEYS.token}: "<name of a JWT>" or remove ${KEYS.inject}`,
    });
  }
  const idle = NAMES.find((name) => values[name] !== undefined);
  if (idle !== undefined) {
    warnings.add('withoutToken', `annotation ${KEYS[idle]} has no effect without ${KEYS.token}`);
  }
  return ok(undefined);
}

/** Hostile lists would make a patch of their length times the number of containers. */
export const MAX_TOKENS = 32;

/** The annotation's tokens, else the namespace's default, else none. */
export function readTokens(
  values: AnnotationValues,
  namespaceDefault: string | undefined,
  warnings: Warnings,
): Result<readonly string[], Problem> {
  if (values.token === undefined) return readDefault(namespaceDefault);
  const items = splitList(KEYS.token, values.token, warnings);
  const tokens = items.length === 1 ? items : [...new Set(items)];
  if (tokens.length < items.length) {
    warnings.add('duplicateToken', `annotation ${KEYS.token} names a token twice: it is injected once`);
  }
  if (tokens.length > MAX_TOKENS) {
    return fail({
      what: `annotation ${KEYS.token} names ${tokens.length} tokens`,
      remedy: `name at most ${MAX_TOKENS}`,
    });
  }
  const wrong = tokens.find((token) => !isTokenName(token));
  if (wrong === undefined) return ok(tokens);
  const { what, remedy } = explainTokenName(wrong);
  return fail({ what: `annotation ${KEYS.token}: ${what}`, remedy });
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

function readSelection(values: AnnotationValues, warnings: Warnings): Result<ContainerSelection, Problem> {
  const { containers, skipContainers } = values;
  if (containers !== undefined && skipContainers !== undefined) {
    return fail({
      what: `both ${KEYS.containers} and ${KEYS.skipContainers} are set`,
      remedy: 'keep one of them',
    });
  }
  if (containers !== undefined) return ok(selection('only', KEYS.containers, containers, warnings));
  if (skipContainers !== undefined)
    return ok(selection('except', KEYS.skipContainers, skipContainers, warnings));
  return ok({ mode: 'all' });
}

function selection(
  mode: 'only' | 'except',
  key: string,
  value: string,
  warnings: Warnings,
): ContainerSelection {
  return { mode, key, names: new Set(splitList(key, value, warnings)) };
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
