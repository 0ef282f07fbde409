import { INJECTION_ANNOTATIONS } from '../../resources/names.ts';
import type { JsonObject } from '../../resources/json.ts';
import { trimmed } from '../../resources/white-space.ts';
import { MAX_ANNOTATIONS_BYTES } from './annotation-text.ts';
import type { Warning } from '../warnings.ts';

type Name = keyof typeof INJECTION_ANNOTATIONS;

/** Values as they count: trimmed, and absent when they are empty, blank or only commas. */
export interface AnnotationValues extends Readonly<Partial<Record<Name, string>>> {
  /** The keys that are there and do not count, since their values are empty. */
  readonly emptyKeys: readonly string[];
}

function isName(name: string): name is Name {
  return Object.hasOwn(INJECTION_ANNOTATIONS, name);
}

/** The annotations by their names in `INJECTION_ANNOTATIONS`. */
export const ANNOTATION_NAMES: readonly Name[] = Object.keys(INJECTION_ANNOTATIONS).filter(isName);

const ONLY_COMMAS = /^[\p{White_Space},]*$/u;

const NAME_OF: ReadonlyMap<string, Name> = new Map(
  ANNOTATION_NAMES.map((name) => [INJECTION_ANNOTATIONS[name], name]),
);

/**
 * Reads our annotations among a pod's. `undefined` when one of them is not a string, or too long: then the API server
 * refuses the pod with a better message than ours.
 */
export function readAnnotationValues(annotations: JsonObject | undefined): AnnotationValues | undefined {
  const emptyKeys: string[] = [];
  const values: { -readonly [name in keyof AnnotationValues]: AnnotationValues[name] } = { emptyKeys };
  if (annotations === undefined) return values;
  for (const key of Object.keys(annotations)) {
    const name = NAME_OF.get(key);
    if (name === undefined) continue;
    const value = annotations[key];
    if (typeof value !== 'string' || value.length > MAX_ANNOTATIONS_BYTES) return undefined;
    const counting = trimmed(value);
    if (ONLY_COMMAS.test(counting)) emptyKeys.push(key);
    else values[name] = counting;
  }
  return values;
}

/** A warning for each of our annotations that is set and has no value. */
export function warnOfEmptyValues({ emptyKeys }: AnnotationValues): readonly Warning[] {
  return emptyKeys.map((key) => ({
    kind: 'emptyValue',
    text: `annotation ${key} is empty: it counts as not set`,
  }));
}

/** Whether the pod opts out, of its namespace's default too. */
export function isOptedOut(values: AnnotationValues): boolean {
  return values.inject === 'false';
}
