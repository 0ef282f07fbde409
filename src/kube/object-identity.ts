import { isJsonObject, member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { objectKey } from '../resources/object-key.ts';

/** `namespace/name` and resourceVersion of an object, as caches keep it. */
export function identify(object: JsonObject): { readonly key: string; readonly resourceVersion: string } {
  const resourceVersion = stringMember(objectMember(object, 'metadata'), 'resourceVersion') ?? '';
  return { key: objectKey(placeOf(object)), resourceVersion };
}

/** Its namespace and name; empty where it says none. */
export function placeOf(object: JsonObject): { readonly namespace: string; readonly name: string } {
  const metadata = member(object, 'metadata');
  const found = isJsonObject(metadata) ? metadata : {};
  return { namespace: stringMember(found, 'namespace') ?? '', name: stringMember(found, 'name') ?? '' };
}
