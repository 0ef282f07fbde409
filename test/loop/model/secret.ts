import type { JsonObject } from '../../../src/resources/json.ts';
import { arrayMember, isJsonObject, member, objectMember, stringMap } from '../../../src/resources/json.ts';
import { APP } from '../../../src/resources/names.ts';

/** One field of a Secret with the managers that own it (Kubernetes API, Server-Side Apply). */
export interface Field {
  readonly value: unknown;
  readonly managers: readonly string[];
}

/** Fields by path: `labels/x`, `annotations/x`, `data/x`, `owners/<uid>`. */
export type Fields = ReadonlyMap<string, Field>;

/** A Secret as the model's API server stores it. */
export interface ModelSecret {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: number;
  readonly isDeleting: boolean;
  readonly finalizers: readonly string[];
  readonly immutable: boolean;
  readonly fields: Fields;
}

/** The result of an apply: the new fields, or a conflict with the manager of a field. */
export type Applied = { readonly fields: Fields } | { readonly conflict: string };

const USER = 'somebody';
/**
 * token-manager's field manager, named by its client library: other clients with that name share its entry in `managedFields`.
 */
export const LEGACY_MANAGER = 'OpenAPI-Generator';
/** The managers that `managedFields` shows. */
const SHOWN: readonly string[] = [APP, LEGACY_MANAGER];

/** Values below `labels/`, `annotations/` …, by the rest of their paths. */
export function valuesOf(fields: Fields, group: string): Readonly<Record<string, unknown>> {
  const prefix = `${group}/`;
  const found: Record<string, unknown> = {};
  for (const [path, { value }] of fields)
    if (path.startsWith(prefix)) found[path.slice(prefix.length)] = value;
  return found;
}

/** Paths of owned fields in `managedFields` (Kubernetes API, FieldsV1). */
const OWNED: Readonly<Record<string, (name: string) => readonly string[]>> = {
  data: (name) => ['f:data', `f:${name}`],
  labels: (name) => ['f:metadata', 'f:labels', `f:${name}`],
  annotations: (name) => ['f:metadata', 'f:annotations', `f:${name}`],
  owners: (uid) => ['f:metadata', 'f:ownerReferences', `k:${JSON.stringify({ uid })}`],
};

function ownedPath(path: string): readonly string[] {
  const slash = path.indexOf('/');
  return OWNED[path.slice(0, slash)]?.(path.slice(slash + 1)) ?? [];
}

/**
 * JSON of the Secret. `managedFields` has only our entry and that of token-manager; the service ignores the
 * others.
 */
export function toWire(secret: ModelSecret): JsonObject {
  const { namespace, name, uid, resourceVersion, isDeleting, finalizers, fields } = secret;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      namespace,
      name,
      uid,
      resourceVersion: String(resourceVersion),
      labels: valuesOf(fields, 'labels'),
      annotations: valuesOf(fields, 'annotations'),
      ownerReferences: Object.values(valuesOf(fields, 'owners')),
      finalizers,
      ...(isDeleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      managedFields: [
        ...describeManager(fields, APP, 'Apply'),
        ...describeManager(fields, LEGACY_MANAGER, 'Update'),
      ],
    },
    data: valuesOf(fields, 'data'),
  };
}

/** The entry of the manager, if it owns anything. */
function describeManager(fields: Fields, manager: string, operation: string): readonly JsonObject[] {
  const owned = [...fields].filter(([, { managers }]) => managers.includes(manager));
  if (owned.length === 0) return [];
  const fieldsV1 = {};
  for (const [path] of owned) addPath(fieldsV1, ownedPath(path));
  return [{ manager, operation, fieldsV1 }];
}

function addPath(tree: Record<string, object>, [first, ...others]: readonly string[]): void {
  if (first !== undefined) addPath((tree[first] ??= {}) as Record<string, object>, others);
}

/** Changes the owners of fields to what a list of `managedFields` says, except for managers that the JSON does not have. */
export function setManagers(before: Fields, managedFields: readonly unknown[]): Fields {
  const isOwned = (manager: string, path: string): boolean =>
    managedFields.some((entry) => {
      if (member(entry, 'manager') !== manager) return false;
      return ownedPath(path).reduce(member, member(entry, 'fieldsV1')) !== undefined;
    });
  return new Map(
    [...before].map(([path, { value, managers }]) => {
      const others = managers.filter((manager) => !SHOWN.includes(manager));
      return [path, { value, managers: [...others, ...SHOWN.filter((manager) => isOwned(manager, path))] }];
    }),
  );
}

/** Removes the owner reference with this index. */
export function removeOwner(before: Fields, index: number): Fields {
  const owners = [...before.keys()].filter((path) => path.startsWith('owners/'));
  return new Map([...before].filter(([path]) => path !== owners[index]));
}

/** The fields in the body of an apply. */
export function readBody(body: JsonObject): ReadonlyMap<string, unknown> {
  const metadata = objectMember(body, 'metadata');
  const said = new Map<string, unknown>();
  for (const group of ['labels', 'annotations'] as const)
    for (const [name, value] of Object.entries(stringMap(member(metadata, group))))
      said.set(`${group}/${name}`, value);
  for (const [name, value] of Object.entries(stringMap(member(body, 'data'))))
    said.set(`data/${name}`, value);
  for (const owner of arrayMember(metadata, 'ownerReferences').filter(isJsonObject))
    said.set(`owners/${String(owner['uid'])}`, owner);
  return said;
}

/**
 * Server-side apply by the service. As on a real API server, an unforced apply only conflicts if it changes a
 * field that another manager owns: on a Secret without such a field it succeeds.
 */
export function applyFields(before: Fields, said: ReadonlyMap<string, unknown>, force: boolean): Applied {
  const fields = new Map<string, Field>();
  for (const [path, field] of before) {
    if (said.has(path)) {
      fields.set(path, field);
      continue;
    }
    const managers = field.managers.filter((manager) => manager !== APP);
    if (managers.length > 0) fields.set(path, { value: field.value, managers });
  }
  for (const [path, value] of said) {
    const present = before.get(path);
    const isSame = present !== undefined && isEqual(present.value, value);
    const others = present?.managers.filter((manager) => manager !== APP) ?? [];
    if (!isSame && others.length > 0 && !force) return { conflict: path };
    fields.set(path, { value, managers: isSame ? [...others, APP] : [APP] });
  }
  return { fields };
}

/**
 * An update by another client: it becomes the owner of the fields that it changes. Fields that it removes
 * have no owner.
 */
export function editFields(
  before: Fields,
  change: (values: Map<string, unknown>) => void,
  manager = USER,
): Fields {
  const values = new Map([...before].map(([path, { value }]) => [path, value]));
  change(values);
  return new Map(
    [...values].map(([path, value]) => {
      const present = before.get(path);
      const isSame = present !== undefined && isEqual(present.value, value);
      return [path, isSame ? present : { value, managers: [manager] }];
    }),
  );
}

export function isSameFields(a: Fields, b: Fields): boolean {
  if (a.size !== b.size) return false;
  for (const [path, field] of a) {
    const other = b.get(path);
    if (other === undefined || !isEqual(field.value, other.value)) return false;
    if (field.managers.toSorted().join() !== other.managers.toSorted().join()) return false;
  }
  return true;
}

/** Values are strings, or owner references that were made in one place. */
function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
