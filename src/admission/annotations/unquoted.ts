import { isJsonObject, type JsonObject } from '../../resources/json.ts';
import { INJECTION_ANNOTATIONS, PREFIX } from '../../resources/names.ts';
import { ok, type Result } from '../../resources/result.ts';
import { denyPod, type DenyDecision, type Problem } from '../decision.ts';
import {
  checkEnvVar,
  checkFileMode,
  checkInject,
  checkMountPath,
  DEFAULT_ENV_VAR,
  DEFAULT_FILE_MODE,
  DEFAULT_MOUNT_PATH,
} from './check-values.ts';
import { quote, shorten } from '../text.ts';
import { readTokens } from './token-list.ts';
import { NO_WARNINGS } from '../warnings.ts';

/** How a value is written in a file, by its path from the document's root; `undefined` where that is not known. */
type Written = (path: readonly string[]) => string | undefined;

/** A valid value for each annotation, for the message where the user wrote none. */
const EXAMPLES: ReadonlyMap<string, string> = new Map([
  [INJECTION_ANNOTATIONS.token, '<name of a JWT>'],
  [INJECTION_ANNOTATIONS.inject, 'true'],
  [INJECTION_ANNOTATIONS.mountPath, DEFAULT_MOUNT_PATH],
  [INJECTION_ANNOTATIONS.envVar, DEFAULT_ENV_VAR],
  [INJECTION_ANNOTATIONS.fileMode, DEFAULT_FILE_MODE],
]);

/** The checks that refuse a value even in quotes, for the annotations that have rules. */
const VALUE_CHECKS: Readonly<Record<string, (text: string) => Result<unknown, Problem>>> = {
  [INJECTION_ANNOTATIONS.token]: (text) => readTokens(text, undefined),
  [INJECTION_ANNOTATIONS.inject]: checkInject,
  [INJECTION_ANNOTATIONS.mountPath]: checkMountPath,
  [INJECTION_ANNOTATIONS.envVar]: checkEnvVar,
  [INJECTION_ANNOTATIONS.fileMode]: checkFileMode,
};

/**
 * Denies annotations that are not strings, as the API server would: in YAML `true`, `on` and `0444` need quotes. `path` is
 * that of the annotations.
 */
export function refuseUnquoted(
  annotations: JsonObject | undefined,
  path: readonly string[],
  written: Written,
): DenyDecision | undefined {
  for (const [key, value] of Object.entries(annotations ?? {})) {
    if (!key.startsWith(PREFIX) || typeof value === 'string') continue;
    const problem = explain(key, value, written([...path, key]));
    return denyPod({ reason: 'InvalidAnnotation', ...problem }, NO_WARNINGS);
  }
  return undefined;
}

function explain(key: string, value: unknown, written: string | undefined): Problem {
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') {
    const text = written ?? String(value);
    const type = typeof value === 'boolean' ? 'a boolean' : 'a number';
    const inQuotes = meant(key, value, text);
    const checked = VALUE_CHECKS[key]?.(inQuotes) ?? ok(inQuotes);
    return {
      what: `annotation ${key}: ${shorten(text, 40)} is ${type}, not a string`,
      remedy: checked.ok ? `write ${key}: ${quote(inQuotes, 253)}` : checked.problem.remedy,
    };
  }
  const example = `write ${key}: "${EXAMPLES.get(key) ?? '<text>'}"`;
  if (value !== null) {
    const type = isJsonObject(value) ? 'a map' : 'a list';
    return { what: `annotation ${key} is ${type}, not a string`, remedy: example };
  }
  const shown = written === undefined || written === '' ? ' has no value' : `: ${written} is not a string`;
  return { what: `annotation ${key}${shown}`, remedy: `${example}, or remove the line` };
}

/** The value that the user meant: the written one, or the mode that it stands for, as `0o444` and 292 stand for 0444. */
function meant(key: string, value: boolean | number | bigint, text: string): string {
  if (key === INJECTION_ANNOTATIONS.inject) return String(value);
  const isMode = key === INJECTION_ANNOTATIONS.fileMode && typeof value === 'number';
  return isMode && !checkFileMode(text).ok ? `0${value.toString(8).padStart(3, '0')}` : text;
}
