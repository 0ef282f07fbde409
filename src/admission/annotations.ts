import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import type { JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { MAX_ANNOTATIONS_BYTES } from './annotation-size.ts';
import type { Problem } from './decision.ts';
import { checkEnvVar, checkFileMode, checkInject, checkMountPath } from './settings.ts';
import { readTokens, splitList } from './token-list.ts';
import type { Warnings } from './warnings.ts';

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
    if (typeof value !== 'string' || value.length > MAX_ANNOTATIONS_BYTES) return undefined;
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
  const inject = checkInject(values.inject);
  if (!inject.ok) return inject;
  const tokens = readTokens(values.token, namespaceDefault, warnings);
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
