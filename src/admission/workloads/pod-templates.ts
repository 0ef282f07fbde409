import { isJsonObject, member, objectMember, type JsonObject } from '../../resources/json.ts';

/** A pod template in an object of any kind. */
export interface FoundTemplate {
  /** Members and positions on the way from the object. */
  readonly path: readonly string[];
  readonly template: JsonObject;
}

/** An Argo Rollout has its template at depth 2, a RayCluster those of its workers at 5. */
const MAX_TEMPLATE_DEPTH = 10;
/** A CustomResourceDefinition has tens of thousands of values, and no template among them. */
const MAX_VISITED = 100_000;
/** A JSON patch is not applied below these (rfc6902 guards JavaScript's prototypes so), and no API has such a field. */
const PROTOTYPES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The pod templates of an object of an unknown kind: members `template` with `spec.containers`, below `spec` or at the top
 * (PodTemplate). A template inside a template does not count.
 */
export function findTemplates(object: unknown): readonly FoundTemplate[] {
  const found: FoundTemplate[] = [];
  let level: { readonly path: readonly string[]; readonly value: unknown }[] = ['spec', 'template'].map(
    (key) => ({ path: [key], value: member(object, key) }),
  );
  let visited = 0;
  for (let depth = 0; depth < MAX_TEMPLATE_DEPTH; depth += 1) {
    const next: typeof level = [];
    for (const { path, value } of level) {
      visited += 1;
      if (visited > MAX_VISITED) return found;
      if (path.at(-1) === 'template' && isPodTemplate(value)) found.push({ path, template: value });
      else if (typeof value === 'object' && value !== null) {
        for (const [key, item] of Object.entries(value))
          if (!PROTOTYPES.has(key)) next.push({ path: [...path, key], value: item });
      }
    }
    level = next;
  }
  return found;
}

function isPodTemplate(value: unknown): value is JsonObject {
  return isJsonObject(value) && Array.isArray(member(objectMember(value, 'spec'), 'containers'));
}

/**
 * The template with a name for each container that has none: Knative names them itself, where there is only one
 * (`user-container`).
 */
export function nameContainers(template: JsonObject): JsonObject {
  const spec = objectMember(template, 'spec') ?? {};
  const containers: unknown = spec['containers'];
  const [only] = Array.isArray(containers) && containers.length === 1 ? containers : [];
  if (!isJsonObject(only) || (only['name'] ?? '') !== '') return template;
  return { ...template, spec: { ...spec, containers: [{ ...only, name: 'user-container' }] } };
}
