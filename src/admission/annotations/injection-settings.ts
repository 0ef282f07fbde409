import { INJECTION_ANNOTATIONS } from '../../resources/names.ts';
import type { Result } from '../../resources/result.ts';
import { ANNOTATION_NAMES, type AnnotationValues } from './annotation-values.ts';
import { checkEnvVar, checkFileMode, checkInject, checkMountPath } from './check-values.ts';
import type { Problem } from '../decision.ts';
import { readTokens, splitList } from './token-list.ts';
import { joinWarnings, NO_WARNINGS, type WithWarnings } from '../warnings.ts';

const KEYS = INJECTION_ANNOTATIONS;

/** The settings of a pod that asks for tokens, with their defaults: valid, as far as that shows without its containers. */
export interface InjectionSettings {
  /** The tokens, at least one, no duplicates; the first is the one that the environment variable names. */
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

/** `undefined` when nothing is asked for. Warns of what is set without effect. */
export function readSettings(
  values: AnnotationValues,
  defaultToken: string | undefined,
): WithWarnings<Result<InjectionSettings | undefined, Problem>> {
  const inject = checkInject(values.inject);
  if (!inject.ok) return { ...inject, warnings: NO_WARNINGS };
  const tokens = readTokens(values.token, defaultToken);
  if (!tokens.ok) return tokens;
  if (tokens.value.length === 0) return readWithoutToken(values);
  const containers = readSelection(values);
  const warnings = joinWarnings(tokens.warnings, containers.warnings);
  if (!containers.ok) return { ...containers, warnings };
  const mountPath = checkMountPath(values.mountPath);
  if (!mountPath.ok) return { ...mountPath, warnings };
  const envVar = checkEnvVar(values.envVar);
  if (!envVar.ok) return { ...envVar, warnings };
  const fileMode = checkFileMode(values.fileMode);
  if (!fileMode.ok) return { ...fileMode, warnings };
  const settings = {
    tokens: tokens.value,
    containers: containers.value,
    mountPath: mountPath.value,
    envVar: envVar.value,
    defaultMode: fileMode.value,
  };
  return { ok: true, value: settings, warnings };
}

function readWithoutToken(values: AnnotationValues): WithWarnings<Result<undefined, Problem>> {
  if (values.inject === 'true') {
    const problem = {
      what: `annotation ${KEYS.inject} is "true", but no token is named`,
      remedy: `add ${KEYS.token}: "<name of a JWT>" or remove ${KEYS.inject}`,
    };
    return { ok: false, problem, warnings: NO_WARNINGS };
  }
  const idle = ANNOTATION_NAMES.find((name) => values[name] !== undefined);
  if (idle === undefined) return { ok: true, value: undefined, warnings: NO_WARNINGS };
  const text = `annotation ${KEYS[idle]} has no effect without ${KEYS.token}`;
  return { ok: true, value: undefined, warnings: [{ kind: 'withoutToken', text }] };
}

function readSelection({
  containers,
  skipContainers,
}: AnnotationValues): WithWarnings<Result<ContainerSelection, Problem>> {
  if (containers !== undefined && skipContainers !== undefined) {
    const problem = {
      what: `both ${KEYS.containers} and ${KEYS.skipContainers} are set`,
      remedy: 'keep one of them',
    };
    return { ok: false, problem, warnings: NO_WARNINGS };
  }
  if (containers !== undefined) return readNames('only', KEYS.containers, containers);
  if (skipContainers !== undefined) return readNames('except', KEYS.skipContainers, skipContainers);
  return { ok: true, value: { mode: 'all' }, warnings: NO_WARNINGS };
}

function readNames(
  mode: 'only' | 'except',
  key: string,
  value: string,
): WithWarnings<Result<ContainerSelection, never>> {
  const { items, warnings } = splitList(key, value);
  return { ok: true, value: { mode, key, names: new Set(items) }, warnings };
}
