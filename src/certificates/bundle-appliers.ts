import { arrayMember, objectMember, stringMember, type JsonObject } from '../resources/json.ts';

/** They apply manifests without server-side apply, too. What they own then counts as applied from their first one with it on. */
const CLIENT_SIDE: ReadonlySet<string> = new Set(['helm', 'kubectl-client-side-apply']);

/**
 * The field managers that applied `caBundle` of the entry of that name. When they leave it out of their next server-side apply,
 * the API server removes it, unless another client has changed its bytes meanwhile, and so taken it over.
 */
export function findAppliers(configuration: JsonObject, name: string): readonly string[] {
  return managersOf(configuration)
    .filter((entry) => managesBundle(entry, name))
    .filter((entry) => stringMember(entry, 'operation') === 'Apply' || CLIENT_SIDE.has(managerOf(entry)))
    .map(managerOf);
}

/**
 * Whether Helm wrote the configuration without server-side apply, as Helm 3 does. The next upgrade of such a release removes what
 * the chart no longer has, no matter who manages the field.
 */
export function isUpdatedByHelm(configuration: JsonObject): boolean {
  return managersOf(configuration).some(
    (entry) => managerOf(entry) === 'helm' && stringMember(entry, 'operation') === 'Update',
  );
}

function managersOf(configuration: JsonObject): readonly unknown[] {
  return arrayMember(objectMember(configuration, 'metadata'), 'managedFields');
}

function managerOf(entry: unknown): string {
  return stringMember(entry, 'manager') ?? '';
}

/** `webhooks` is a list with `name` as its key (Kubernetes API, FieldsV1). */
function managesBundle(entry: unknown, name: string): boolean {
  const webhooks = objectMember(objectMember(entry, 'fieldsV1'), 'f:webhooks');
  const config = objectMember(objectMember(webhooks, `k:${JSON.stringify({ name })}`), 'f:clientConfig');
  return objectMember(config, 'f:caBundle') !== undefined;
}
