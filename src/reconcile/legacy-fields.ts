import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  type JsonObject,
} from '../resources/json.ts';
import { testVersion, type PatchStep } from '../resources/json-patch.ts';
import { APP, LAST_SIGNING_TIME, TOKEN_KEY } from '../resources/names.ts';

/**
 * A JSON patch (RFC 6902) of a Secret as token-manager left it, made before its first apply: the managers that wrote the token
 * or its signing time no longer own the fields that the apply sets, so that a label that the JWT loses later can be removed. No
 * other field changes its owner: an entry of `managedFields` may name data, labels and finalizers of others, too, as in a Secret
 * that was restored from a backup, and if they were ours, the apply would delete them. Empty: nobody else owns such a field.
 * @param applied the object that is applied next
 */
export function takeOverPatch(secret: JsonObject, applied: JsonObject): readonly PatchStep[] {
  const metadata = objectMember(secret, 'metadata');
  const entries = arrayMember(metadata, 'managedFields').map((entry) => splitEntry(entry, applied));
  const taken = entries.find((entry) => entry.taken !== undefined)?.taken;
  if (taken === undefined) return [];
  const left = entries.flatMap((entry) => (entry.left === undefined ? [] : [entry.left]));
  // One entry has to be there: an empty list would leave the old one in place (Server-Side Apply, "Clearing managedFields").
  const value = left.some(isOwnEntry) ? left : [...left, { ...taken, manager: APP, operation: 'Apply' }];
  return [
    testVersion(stringMember(metadata, 'resourceVersion')),
    { op: 'replace', path: '/metadata/managedFields', value },
  ];
}

/** Two parts of one thing; `undefined`: nothing is in that part. */
interface Split<T> {
  /** The fields that the apply sets. */
  readonly taken?: T;
  /** All others. */
  readonly left?: T;
}

/** Entries of managers that wrote no token are left whole: a label of theirs is a second owner's. */
function splitEntry(entry: unknown, applied: JsonObject): Split<unknown> & { readonly taken?: JsonObject } {
  const fields = objectMember(entry, 'fieldsV1');
  if (!isJsonObject(entry) || fields === undefined || isOwnEntry(entry) || !hasToken(fields))
    return { left: entry };
  const { taken, left } = splitFields(fields, applied);
  return {
    ...(taken === undefined ? {} : { taken: { ...entry, fieldsV1: taken } }),
    ...(left === undefined ? {} : { left: { ...entry, fieldsV1: left } }),
  };
}

function isOwnEntry(entry: unknown): boolean {
  return member(entry, 'manager') === APP && member(entry, 'operation') === 'Apply';
}

function hasToken(fields: JsonObject): boolean {
  const annotations = objectMember(objectMember(fields, 'f:metadata'), 'f:annotations');
  const owned = [
    member(objectMember(fields, 'f:data'), `f:${TOKEN_KEY}`),
    member(annotations, `f:${LAST_SIGNING_TIME}`),
  ];
  return owned.some((field) => field !== undefined);
}

/** The name of a map or list among the fields in it. Of one that has nothing else left, nothing is left. */
const ITSELF = '.';

function splitFields(fields: JsonObject, applied: unknown): Split<JsonObject> {
  const taken: [string, unknown][] = [];
  const left: [string, unknown][] = [];
  for (const [name, inside] of Object.entries(fields)) {
    const value = findField(applied, name);
    const isWhole = typeof value !== 'object' || Array.isArray(applied); // an owner reference is one field
    if (value === undefined) left.push([name, inside]);
    else if (isWhole || !isJsonObject(inside)) taken.push([name, inside]);
    else {
      const parts = splitFields(inside, value);
      if (parts.taken !== undefined) taken.push([name, parts.taken]);
      if (parts.left !== undefined) left.push([name, parts.left]);
    }
  }
  return {
    ...(taken.length === 0 ? {} : { taken: Object.fromEntries(taken) }),
    ...(left.every(([name]) => name === ITSELF) ? {} : { left: Object.fromEntries(left) }),
  };
}

/** The value of a field by its name in `fieldsV1`: `f:<name>` in a map, `k:{"uid":"…"}` in the list of owners. */
function findField(applied: unknown, name: string): unknown {
  if (Array.isArray(applied))
    return applied.find((item) => name === `k:${JSON.stringify({ uid: member(item, 'uid') })}`);
  return name.startsWith('f:') ? member(applied, name.slice('f:'.length)) : undefined;
}
