import { stringMember } from '../resources/json.ts';
import type { TokenEnv } from './decision.ts';
import { escapeEnvValue, expandEnvValue, hasSource } from './annotations/env-value.ts';
import { normalisePath } from './placement/paths.ts';
import type { ContainerShape } from './pod-shape.ts';
import { TOKEN_ITSELF_ENV_VAR } from './annotations/check-values.ts';
import { quote, showPath } from './text.ts';
import { NO_WARNINGS, type Warning } from './warnings.ts';

/** The environment variable that names the file. */
export function makeEnv(name: string, file: string): TokenEnv {
  return { name, value: escapeEnvValue(file) };
}

/** A container's own entry for the variable. */
export interface OwnEnv {
  /** Its value as it is written, if the container sets it: that is kept, and a second entry of its name must never result. */
  readonly set: { readonly value: string | undefined } | undefined;
  /** The normalised path that it names; `undefined` where it names none, or only the kubelet can know it. */
  readonly path: string | undefined;
  /** Whether the container sets `BEARER_TOKEN`, and that is not the variable. */
  readonly hasTokenItself: boolean;
}

/** A container without the variable. */
export const UNSET: OwnEnv = { set: undefined, path: undefined, hasTokenItself: false };

/** Looks for the variable in a container. */
export function readOwnEnv(container: ContainerShape, envVar: string): OwnEnv {
  let own = -1;
  let hasTokenItself = false;
  for (let index = 0; index < container.env.length; index += 1) {
    const name = container.env[index]?.['name'];
    if (name === envVar)
      own = index; // the last one of a name counts
    else if (name === TOKEN_ITSELF_ENV_VAR) hasTokenItself = true;
  }
  if (own === -1) return hasTokenItself ? { ...UNSET, hasTokenItself } : UNSET;
  const entry = container.env[own];
  const expanded = expandEnvValue(container, own);
  const path = expanded?.startsWith('/') === true ? normalisePath(expanded) : undefined;
  return {
    set: { value: hasSource(entry) ? undefined : (stringMember(entry, 'value') ?? '') },
    path,
    hasTokenItself,
  };
}

/** `files` are the paths at which the container sees the token, the best first. */
export function warnOfOwnEnv(
  container: ContainerShape,
  envVar: string,
  { set, path, hasTokenItself }: OwnEnv,
  files: readonly string[],
): readonly Warning[] {
  const isKept = set !== undefined && (path === undefined || !files.includes(path));
  const ofKept = isKept ? [warnOfKept(container, envVar, set.value, files[0] ?? '')] : NO_WARNINGS;
  return hasTokenItself ? [warnOfTokenItself(container, envVar), ...ofKept] : ofKept;
}

function warnOfKept(
  container: ContainerShape,
  envVar: string,
  value: string | undefined,
  file: string,
): Warning {
  const given = value === undefined ? 'set by valueFrom' : `set to ${quote(value, 24)}`;
  return {
    kind: 'environmentKept',
    text: `container ${quote(container.name, 24)}: ${showPath(envVar, 20)} is ${given}: kept; the token is ${showPath(file, 30)}`,
  };
}

function warnOfTokenItself(container: ContainerShape, envVar: string): Warning {
  return {
    kind: 'bearerTokenSet',
    text: `container ${quote(container.name, 24)}: ${TOKEN_ITSELF_ENV_VAR} is set, clients look there before ${showPath(envVar, 24)}: unset it`,
  };
}
