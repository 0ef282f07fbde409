import { arrayMember, objectMember, stringMember, type JsonObject } from '../resources/json.ts';

/**
 * The field managers that applied `caBundle` of the entry of that name (server-side apply). When they leave it out of their next
 * apply, the API server removes it, unless somebody else has changed its bytes meanwhile, and so taken it over.
 */
export function findAppliers(configuration: JsonObject, name: string): readonly string[] {
  return managersOf(configuration)
    .filter((entry) => stringMember(entry, 'operation') === 'Apply' && managesBundle(entry, name))
    .map((entry) => stringMember(entry, 'manager') ?? '');
}

/**
 * Whether Helm wrote the configuration without server-side apply, as Helm 3 does. The next upgrade of such a release removes what
 * the chart no longer has, no matter who manages the field.
 */
export function isUpdatedByHelm(configuration: JsonObject): boolean {
  return managersOf(configuration).some(
    (entry) => stringMember(entry, 'manager') === 'helm' && stringMember(entry, 'operation') === 'Update',
  );
}

function managersOf(configuration: JsonObject): readonly unknown[] {
  return arrayMember(objectMember(configuration, 'metadata'), 'managedFields');
}

/** `webhooks` is a list with `name` as its key (Kubernetes API, FieldsV1). */
function managesBundle(entry: unknown, name: string): boolean {
  const webhooks = objectMember(objectMember(entry, 'fieldsV1'), 'f:webhooks');
  const config = objectMember(objectMember(webhooks, `k:${JSON.stringify({ name })}`), 'f:clientConfig');
  return objectMember(config, 'f:caBundle') !== undefined;
}
