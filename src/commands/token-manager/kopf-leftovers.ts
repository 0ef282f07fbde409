import { isKopf } from '../../reconcile/take-over.ts';
import { arrayMember, member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { LAST_APPLIED } from '../../resources/names.ts';

/** The leftovers of token-manager on a JWT, by name. */
export interface KopfLeftovers {
  readonly annotations: readonly string[];
  readonly finalizers: readonly string[];
}

/** kopf keeps a copy of the whole spec in it. */
const HANDLED = 'kopf.zalando.org/last-handled-configuration';

/** Finds the leftovers of kopf on a JWT (wire JSON); `undefined` when it left nothing. */
export function findKopfLeftovers(object: JsonObject): KopfLeftovers | undefined {
  const metadata = objectMember(object, 'metadata');
  const annotations = Object.keys(objectMember(metadata, 'annotations') ?? {}).filter(isKopf);
  const finalizers = listFinalizers(metadata).filter(isKopf);
  return annotations.length + finalizers.length === 0 ? undefined : { annotations, finalizers };
}

/**
 * A merge patch (RFC 7386) of the JWT (wire JSON) that removes the leftovers. It carries the resourceVersion, so that no other
 * finalizer is lost.
 */
export function cleaningPatch(object: JsonObject, leftovers: KopfLeftovers): JsonObject {
  const metadata = objectMember(object, 'metadata');
  const finalizers = listFinalizers(metadata).filter((name) => !leftovers.finalizers.includes(name));
  return {
    metadata: {
      resourceVersion: stringMember(metadata, 'resourceVersion'),
      annotations: Object.fromEntries(leftovers.annotations.map((name) => [name, null])),
      ...(leftovers.finalizers.length === 0 ? {} : { finalizers }),
    },
  };
}

/** The copies of the spec in the JWT's annotations that contain a private key: that of kopf, and that of `kubectl apply`. */
export function findKeyCopies(object: JsonObject): { readonly handled: boolean; readonly applied: boolean } {
  const annotations = objectMember(objectMember(object, 'metadata'), 'annotations');
  const holdsKey = (name: string): boolean => {
    try {
      const copy: unknown = JSON.parse(stringMember(annotations, name) ?? '');
      return typeof member(objectMember(objectMember(copy, 'spec'), 'key'), 'value') === 'string';
    } catch {
      return false;
    }
  };
  return { handled: holdsKey(HANDLED), applied: holdsKey(LAST_APPLIED) };
}

function listFinalizers(metadata: JsonObject | undefined): readonly string[] {
  return arrayMember(metadata, 'finalizers').filter((name) => typeof name === 'string');
}
