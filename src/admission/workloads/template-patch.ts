import { pointerTo, type PatchOperation } from '../../resources/json-patch.ts';
import { member, objectMember, type JsonObject } from '../../resources/json.ts';

/**
 * Changes of a template's annotations as RFC 6902 operations. `add` sets a value whether or not there is one (§4.1);
 * `remove` takes back what was copied. `metadata` or `annotations` are added where they are absent or `null`: then there is
 * nothing to remove.
 */
export function templatePatch(
  template: JsonObject,
  pointer: string,
  changes: ReadonlyMap<string, string | undefined>,
): readonly PatchOperation[] {
  if (changes.size === 0) return [];
  const metadata = objectMember(template, 'metadata');
  if (metadata === undefined)
    return [addMembers(`${pointer}/metadata`, { annotations: Object.fromEntries(changes) })];
  if (objectMember(metadata, 'annotations') === undefined) {
    return [addMembers(`${pointer}/metadata/annotations`, Object.fromEntries(changes))];
  }
  return [...changes].map(([key, value]) => {
    const path = `${pointer}${pointerTo(['metadata', 'annotations', key])}`;
    return value === undefined ? { op: 'remove', path } : { op: 'add', path, value };
  });
}

/** The annotations as they will be, for the decision about the template's pods. */
export function changedAnnotations(
  template: JsonObject,
  changes: ReadonlyMap<string, string | undefined>,
): JsonObject | undefined {
  const present = objectMember(objectMember(template, 'metadata'), 'annotations');
  if (changes.size === 0) return present;
  // Object.fromEntries defines members, so that a key __proto__ stays a key.
  const kept = Object.entries(present ?? {}).filter(([key]) => !changes.has(key));
  return Object.fromEntries([...kept, ...changes].filter(([, value]) => value !== undefined));
}

/** Whether the template's metadata and annotations can be written at all. */
export function hasWritableAnnotations(template: JsonObject): boolean {
  const metadata = member(template, 'metadata') ?? undefined;
  if (metadata === undefined) return true;
  const annotations = member(metadata, 'annotations') ?? undefined;
  return (
    objectMember(template, 'metadata') !== undefined &&
    (annotations === undefined || objectMember(metadata, 'annotations') !== undefined)
  );
}

function addMembers(path: string, value: JsonObject): PatchOperation {
  return { op: 'add', path, value };
}
