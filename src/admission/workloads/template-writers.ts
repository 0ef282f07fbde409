import { arrayMember, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { COPIED_ANNOTATION, LAST_APPLIED } from '../../resources/names.ts';
import { readJsonAnnotation } from '../annotations/annotation-text.ts';
import { annotationsOf } from '../pod-shape.ts';
import { templateOf, type WorkloadKind } from './workload-kinds.ts';

/**
 * Whether a user wrote an annotation of the pod template, as far as the workload shows: by `managedFields`, where what a
 * webhook adds has no manager, or by what `kubectl apply` was given (it does not send a value that is there already, so it
 * manages none). A writer whose fields include our record restored an old state, as `kubectl rollout undo` and a restored
 * backup do: there the record counts.
 */
export function findUserKeys(kind: WorkloadKind, object: unknown): (key: string) => boolean {
  let writers: readonly ReadonlySet<string>[] | undefined;
  return (key) => {
    writers ??= findWriters(kind, object);
    return writers.some((keys) => keys.has(key));
  };
}

/** The keys of the template's annotations that each of them wrote. */
function findWriters(kind: WorkloadKind, object: unknown): readonly ReadonlySet<string>[] {
  const managers = arrayMember(objectMember(object, 'metadata'), 'managedFields').flatMap((manager) => {
    const template = fieldsBelow(objectMember(manager, 'fieldsV1'), kind.template);
    return template === undefined ? [] : [{ template, operation: stringMember(manager, 'operation') }];
  });
  const managed = managers
    .map(({ template }) => keysOf(fieldsBelow(template, ['metadata', 'annotations']), fieldName('')))
    .filter((keys) => !keys.has(COPIED_ANNOTATION));
  // A server-side apply manages all that it was given, and leaves the copy of an earlier `kubectl apply` as it was.
  const isApplied = managers.some(({ operation }) => operation === 'Apply');
  return isApplied ? managed : [...managed, findAppliedKeys(kind, object)];
}

/** Keys that `kubectl apply` was given with the value that is there: any other value is older than our copy. */
function findAppliedKeys(kind: WorkloadKind, object: unknown): ReadonlySet<string> {
  const applied =
    annotationsOf(templateOf(kind, readJsonAnnotation(annotationsOf(object), LAST_APPLIED))) ?? {};
  if (Object.hasOwn(applied, COPIED_ANNOTATION)) return new Set();
  const present = annotationsOf(templateOf(kind, object));
  return new Set(Object.keys(applied).filter((key) => applied[key] === stringMember(present, key)));
}

/** The part of `fieldsV1` below a path of members. */
function fieldsBelow(fields: JsonObject | undefined, path: readonly string[]): JsonObject | undefined {
  return path.reduce((found, name) => objectMember(found, fieldName(name)), fields);
}

/** As Kubernetes writes the names of fields in `fieldsV1`. */
function fieldName(name: string): string {
  return `f:${name}`;
}

function keysOf(object: JsonObject | undefined, prefix: string): ReadonlySet<string> {
  return new Set(Object.keys(object ?? {}).map((key) => key.slice(prefix.length)));
}
