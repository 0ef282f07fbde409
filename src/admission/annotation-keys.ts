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
} from '../resources/names.ts';
import type { JsonObject } from '../resources/json.ts';
import { closest } from './spelling.ts';
import type { Warnings } from './warnings.ts';
import { quote } from './text.ts';

/** The keys that ask for an injection, in the order of the table in the docs. */
export const INJECTION_KEYS: readonly string[] = Object.values(INJECTION_ANNOTATIONS);

const KNOWN_NAMES = INJECTION_KEYS.map((key) => key.slice(PREFIX.length));

/** Keys of ours that mean something, but not on a pod. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  [RENEW, 'the JWT'],
  [ADOPT, 'the Secret of the token'],
  [OWNING_JWT, 'the Secret of the token'],
  [LAST_SIGNING_TIME, 'the Secret of the token'],
  [EXPIRES_AT, 'the Secret of the token'],
  [ALLOWED_NAMESPACES, 'the key Secret'],
  ...RESERVED_POLICIES.map((key) => [key, 'the key Secret'] as const),
]);

/** Comparing words is the dearest thing we do, and a hostile pod could have a hundred thousand that look like ours. */
const MAX_COMPARED = 50;

/** Warns of keys that look like ours and do nothing where they are. `copied` is at home on pods and templates only. */
export function checkAnnotationKeys(
  annotations: JsonObject | undefined,
  warnings: Warnings,
  copiedAllowed = true,
): void {
  if (annotations === undefined) return;
  let compared = 0;
  for (const key of Object.keys(annotations)) {
    if (warnings.isFull() || compared > MAX_COMPARED) return;
    if (key.startsWith(PREFIX)) checkOwnKey(key, warnings, copiedAllowed);
    else if (key.includes('osg')) {
      compared += 1;
      checkForeignKey(key, warnings);
    }
  }
}

function checkOwnKey(key: string, warnings: Warnings, copiedAllowed: boolean): void {
  if (INJECTION_KEYS.includes(key)) return;
  const home = ELSEWHERE.get(key);
  if (home !== undefined) {
    warnings.add('misplaced', `annotation ${key} has no effect here: it belongs on ${home}`);
  } else if (key !== COPIED_ANNOTATION) {
    const meant = closest(key.slice(PREFIX.length), KNOWN_NAMES);
    const hint =
      meant === undefined ? `known are ${KNOWN_NAMES.slice(0, 3).join(', ')} …` : `did you mean ${meant}?`;
    warnings.add('unknownAnnotation', `unknown annotation ${quote(key, 56)}: ${hint}`);
  } else if (!copiedAllowed) {
    warnings.add(
      'misplaced',
      `annotation ${key} has no effect here: jwt-injector writes it on pod templates`,
    );
  }
}

/** Somebody else's prefix, unless it is ours with a slip: `token.osg-htc.org/token`. */
function checkForeignKey(key: string, warnings: Warnings): void {
  const slash = key.lastIndexOf('/');
  const [prefix, name] = [key.slice(0, Math.max(slash, 0)), key.slice(slash + 1)];
  if (!KNOWN_NAMES.includes(name) || closest(prefix, [GROUP]) === undefined) return;
  warnings.add('unknownAnnotation', `unknown annotation ${quote(key, 56)}: did you mean ${PREFIX}${name}?`);
}

/** Our annotations written as labels. `token` is a label too, but on Namespaces. */
export function checkLabelKeys(labels: JsonObject | undefined, warnings: Warnings): void {
  if (labels === undefined) return;
  for (const key of Object.keys(labels)) {
    if (key.startsWith(PREFIX) && INJECTION_KEYS.includes(key))
      warnings.add('misplaced', `label ${key} has no effect here: make it an annotation`);
  }
}
