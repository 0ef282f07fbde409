import { arrayMember, objectMember, type JsonObject } from '../resources/json.ts';
import { COPIED_ANNOTATION, LAST_APPLIED } from '../resources/names.ts';
import { readJsonAnnotation } from './json-annotation.ts';
import { annotationsOf } from './pod-shape.ts';
import { templateOf, type WorkloadKind } from './workload-kinds.ts';

/**
 * Whether a user wrote an annotation of the pod template, as far as the workload shows: by `managedFields`, where what a
 * webhook adds has no manager, or by what `kubectl apply` was given (it does not send a value that is there already, so it
 * manages none). Who wrote our record as well gave back what the cluster had, as `kubectl rollout undo` and a restored
 * backup do: there the record counts.
 */
export function findUserKeys(kind: WorkloadKind, object: unknown): (key: string) => boolean {
  let writers: readonly ReadonlySet<string>[] | undefined;
  return (key) => {
    writers ??= findWriters(kind, object).filter((keys) => !keys.has(COPIED_ANNOTATION));
    return writers.some((keys) => keys.has(key));
  };
}

/** The keys of the template's annotations that each of them wrote. */
function findWriters(kind: WorkloadKind, object: unknown): readonly ReadonlySet<string>[] {
  const managers = arrayMember(objectMember(object, 'metadata'), 'managedFields');
  const path = [...kind.template, 'metadata', 'annotations'].map(fieldName);
  const managed = managers.flatMap((manager) => {
    let fields = objectMember(manager, 'fieldsV1');
    for (const name of path) fields = objectMember(fields, name);
    return fields === undefined ? [] : [keysOf(fields, fieldName(''))];
  });
  const applied = templateOf(kind, readJsonAnnotation(annotationsOf(object), LAST_APPLIED));
  return [...managed, keysOf(annotationsOf(applied))];
}

/** As Kubernetes writes the names of fields in `fieldsV1`. */
function fieldName(name: string): string {
  return `f:${name}`;
}

function keysOf(object: JsonObject | undefined, prefix = ''): ReadonlySet<string> {
  return new Set(Object.keys(object ?? {}).map((key) => key.slice(prefix.length)));
}
