import {
  ADOPT,
  ALLOWED_NAMESPACES,
  COPIED_ANNOTATION,
  EXPIRES_AT,
  GROUP,
  INJECTION_ANNOTATIONS,
  LAST_SIGNING_TIME,
  OWNING_JWT,
  PREFIX,
  RENEW,
  RESERVED_POLICIES,
  ROTATION,
} from '../../resources/names.ts';
import type { JsonObject } from '../../resources/json.ts';
import { closest } from './spelling.ts';
import { quote } from '../text.ts';
import { NO_WARNINGS, type Warning } from '../warnings.ts';

/** The keys that ask for an injection, in the order of the table in the docs. */
export const INJECTION_KEYS: readonly string[] = Object.values(INJECTION_ANNOTATIONS);

const KNOWN_NAMES = INJECTION_KEYS.map((key) => key.slice(PREFIX.length));

/** Our other keys, each with the object on which it has an effect. */
const HOMES: ReadonlyMap<string, string> = new Map([
  [RENEW, 'the JWT'],
  [ROTATION, 'the JWT'],
  [ADOPT, 'the Secret of the token'],
  [OWNING_JWT, 'the Secret of the token'],
  [LAST_SIGNING_TIME, 'the Secret of the token'],
  [EXPIRES_AT, 'the Secret of the token'],
  [ALLOWED_NAMESPACES, 'the key Secret'],
  ...RESERVED_POLICIES.map((key) => [key, 'the key Secret'] as const),
]);

/** Comparing words is the most expensive thing we do, and a hostile pod could have 100,000 keys that look like ours. */
const MAX_COMPARED = 50;
/** More than enough for the three that are shown. */
const MAX_FOUND = 18;

/**
 * Warns of keys that look like ours and have no effect here. The record of copied annotations has one on pods and pod
 * templates only.
 */
export function checkAnnotationKeys(
  annotations: JsonObject | undefined,
  { isWorkload = false } = {},
): readonly Warning[] {
  if (annotations === undefined) return NO_WARNINGS;
  const found: Warning[] = [];
  let compared = 0;
  for (const key of Object.keys(annotations)) {
    if (found.length >= MAX_FOUND || compared > MAX_COMPARED) break;
    let warning: Warning | undefined;
    if (key.startsWith(PREFIX)) warning = checkOwnKey(key, isWorkload);
    else if (key.includes('osg')) {
      compared += 1;
      warning = checkForeignKey(key);
    }
    if (warning !== undefined) found.push(warning);
  }
  return found;
}

function checkOwnKey(key: string, isWorkload: boolean): Warning | undefined {
  if (INJECTION_KEYS.includes(key)) return undefined;
  const home = HOMES.get(key);
  if (home !== undefined) return misplaced(`annotation ${key} has no effect here: it belongs on ${home}`);
  if (key === COPIED_ANNOTATION) {
    if (!isWorkload) return undefined;
    return misplaced(`annotation ${key} has no effect here: jwt-injector writes it on pod templates`);
  }
  const meant = closest(key.slice(PREFIX.length), KNOWN_NAMES);
  const hint =
    meant === undefined ? `known are ${KNOWN_NAMES.slice(0, 3).join(', ')} …` : `did you mean ${meant}?`;
  return warnOfUnknownKey(key, hint);
}

/** A key with another prefix: nothing to warn of, unless it looks like ours misspelt, such as `token.osg-htc.org/token`. */
function checkForeignKey(key: string): Warning | undefined {
  const slash = key.lastIndexOf('/');
  const [prefix, name] = [key.slice(0, Math.max(slash, 0)), key.slice(slash + 1)];
  if (!KNOWN_NAMES.includes(name) || closest(prefix, [GROUP]) === undefined) return undefined;
  return warnOfUnknownKey(key, `did you mean ${PREFIX}${name}?`);
}

/** Our annotations written as labels. `token` is a label too, but on Namespaces. */
export function checkLabelKeys(labels: JsonObject | undefined): readonly Warning[] {
  if (labels === undefined) return NO_WARNINGS;
  return Object.keys(labels)
    .filter((key) => key.startsWith(PREFIX) && INJECTION_KEYS.includes(key))
    .map((key) => misplaced(`label ${key} has no effect here: make it an annotation`));
}

function misplaced(text: string): Warning {
  return { kind: 'misplaced', text };
}

function warnOfUnknownKey(key: string, hint: string): Warning {
  return { kind: 'unknownAnnotation', text: `unknown annotation ${quote(key, 56)}: ${hint}` };
}
