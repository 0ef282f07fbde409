import { member, stringMember, type JsonObject } from '../resources/json.ts';
import type { TokenEnv } from './decision.ts';
import { escapeEnvValue, normalisePath, unescapeEnvValue } from './paths.ts';
import type { ContainerShape } from './pod-shape.ts';
import { TOKEN_ITSELF_ENV_VAR } from './settings.ts';
import type { Warnings } from './warnings.ts';
import { quote, showPath } from './text.ts';

/** The env var that names the file. */
export function makeEnv(name: string, file: string): TokenEnv {
  return { name, value: escapeEnvValue(file) };
}

/**
 * Whether the container sets the env var itself: that is kept, and a second entry of one name must never result.
 * `files` are the paths at which the container sees the token, the best first.
 */
export function setsEnv(
  container: ContainerShape,
  envVar: string,
  files: readonly string[],
  warnings: Warnings,
): boolean {
  let own: JsonObject | undefined;
  for (const entry of container.env) {
    const { name } = entry;
    if (name === envVar)
      own = entry; // of several the last one counts
    else if (name === TOKEN_ITSELF_ENV_VAR) warnTokenItself(container, envVar, warnings);
  }
  if (own === undefined) return false;
  const [file = ''] = files;
  const value = member(own, 'valueFrom') === undefined ? (stringMember(own, 'value') ?? '') : undefined;
  if (value === undefined || !namesOneOf(value, files)) warnKept(container, envVar, value, file, warnings);
  return true;
}

function namesOneOf(value: string, files: readonly string[]): boolean {
  const path = unescapeEnvValue(value);
  return path.startsWith('/') && files.includes(normalisePath(path));
}

function warnKept(
  container: ContainerShape,
  envVar: string,
  value: string | undefined,
  file: string,
  warnings: Warnings,
): void {
  const given = value === undefined ? 'set by valueFrom' : `set to ${quote(value, 24)}`;
  warnings.addOnce(
    'environmentKept',
    `container ${quote(container.name, 24)}: ${showPath(envVar, 20)} is ${given}: kept; the token is ${showPath(file, 30)}`,
  );
}

function warnTokenItself(container: ContainerShape, envVar: string, warnings: Warnings): void {
  warnings.addOnce(
    'bearerTokenSet',
    `container ${quote(container.name, 24)}: ${TOKEN_ITSELF_ENV_VAR} is set, clients look there before ${showPath(envVar, 24)}: unset it`,
  );
}
