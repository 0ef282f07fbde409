import { member, stringMember, type JsonObject } from '../resources/json.ts';
import type { TokenEnv } from './decision.ts';
import { escapeEnvValue, normalisePath, unescapeEnvValue } from './paths.ts';
import type { ContainerShape } from './pod-shape.ts';
import { TOKEN_ITSELF_ENV_VAR } from './injection-settings.ts';
import { quote, showPath } from './text.ts';
import { NO_WARNINGS, type Warning, type WithWarnings } from './warnings.ts';

/** The environment variable that names the file. */
export function makeEnv(name: string, file: string): TokenEnv {
  return { name, value: escapeEnvValue(file) };
}

const UNSET = { isSet: false, warnings: NO_WARNINGS };

/**
 * Whether the container sets the variable itself: that is kept, and a second entry of the same name must never result.
 * `files` are the paths at which the container sees the token, the best first.
 */
export function findOwnEnv(
  container: ContainerShape,
  envVar: string,
  files: readonly string[],
): WithWarnings<{ readonly isSet: boolean }> {
  let own: JsonObject | undefined;
  let hasTokenItself = false;
  for (const entry of container.env) {
    const { name } = entry;
    if (name === envVar)
      own = entry; // the last one of a name counts
    else if (name === TOKEN_ITSELF_ENV_VAR) hasTokenItself = true;
  }
  if (own === undefined && !hasTokenItself) return UNSET;
  const warnings: Warning[] = hasTokenItself ? [warnOfTokenItself(container, envVar)] : [];
  if (own === undefined) return { isSet: false, warnings };
  const value = member(own, 'valueFrom') === undefined ? (stringMember(own, 'value') ?? '') : undefined;
  if (value === undefined || !namesOneOf(value, files)) {
    warnings.push(warnOfKept(container, envVar, value, files[0] ?? ''));
  }
  return { isSet: true, warnings };
}

function namesOneOf(value: string, files: readonly string[]): boolean {
  const path = unescapeEnvValue(value);
  return path.startsWith('/') && files.includes(normalisePath(path));
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
