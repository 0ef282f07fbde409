import { COPIED_ANNOTATION } from '../../resources/names.ts';
import { member, stringMember, type JsonObject } from '../../resources/json.ts';
import { INJECTION_KEYS } from '../annotations/annotation-keys.ts';
import { readJsonAnnotation } from '../annotations/annotation-text.ts';

/** The keys in the order of the record. */
const SORTED_KEYS = INJECTION_KEYS.toSorted();

/** How a template's annotations have to change: a key with a string is set, one with `undefined` is removed. */
export interface TemplateChanges {
  readonly changes: ReadonlyMap<string, string | undefined>;
  /** Keys where the template's own value wins over the workload's, and differs from it. */
  readonly differing: readonly string[];
}

/**
 * Brings a template's annotations in line with its workload's. What was copied is recorded on the template, since
 * fields that a webhook adds have no owner under server-side apply: what we put there we must take back ourselves.
 * A value that still equals the record is ours, and follows, unless a user wrote it, too; any other is the user's, and stays.
 * @param isUserKey whether a user wrote that annotation of the template.
 */
export function followWorkload(
  workload: JsonObject | undefined,
  template: JsonObject | undefined,
  isUserKey: (key: string) => boolean,
): TemplateChanges {
  const recorded = readJsonAnnotation(template, COPIED_ANNOTATION);
  const changes = new Map<string, string | undefined>();
  const differing: string[] = [];
  const record: [string, string][] = [];
  for (const key of SORTED_KEYS) {
    const wanted = stringMember(workload, key);
    const present = stringMember(template, key);
    const isOurs = present === undefined || (present === stringMember(recorded, key) && !isUserKey(key));
    if (!isOurs) {
      if (wanted !== undefined && wanted !== present) differing.push(key);
    } else if (wanted !== undefined) {
      record.push([key, wanted]);
      if (wanted !== present) changes.set(key, wanted);
    } else if (present !== undefined) {
      changes.set(key, undefined);
    }
  }
  const text = record.length === 0 ? undefined : JSON.stringify(Object.fromEntries(record));
  if (text !== member(template, COPIED_ANNOTATION)) changes.set(COPIED_ANNOTATION, text);
  return { changes, differing };
}
