import { isJsonObject, member, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { objectKey, type ObjectName } from '../resources/object-key.ts';

/** `namespace/name` and resourceVersion of an object, as caches keep it. */
export function identify(object: JsonObject): { readonly key: string; readonly resourceVersion: string } {
  const resourceVersion = stringMember(objectMember(object, 'metadata'), 'resourceVersion') ?? '';
  return { key: objectKey(placeOf(object)), resourceVersion };
}

/** As `identify`, of an object that may be anything: `undefined` if it has no name or no resourceVersion. */
export function findIdentity(object: JsonObject): ReturnType<typeof identify> | undefined {
  const { name } = placeOf(object);
  const identity = identify(object);
  return name === '' || identity.resourceVersion === '' ? undefined : identity;
}

/** Its namespace and name; empty where it says none. */
export function placeOf(object: JsonObject): ObjectName {
  const metadata = member(object, 'metadata');
  const found = isJsonObject(metadata) ? metadata : {};
  return { namespace: stringMember(found, 'namespace') ?? '', name: stringMember(found, 'name') ?? '' };
}

/** The object and state that the beginning of a JSON text is about. */
export interface ObjectIdentity extends ObjectName {
  readonly resourceVersion: string;
}

/**
 * Built-in kinds begin with kind and name (Go writes struct members in order). Custom resources have their members
 * sorted, annotations first, where anybody may write what looks like a name: of those nothing is believed.
 */
const HEAD =
  /^\{(?:"type":"[A-Z]+","object":\{)?(?:"kind":"\w+","apiVersion":"[\w./-]+",)?"metadata":\{"name":"([\w.-]+)",(?:"generateName":"[\w.-]*",)?(?:"namespace":"([\w-]+)",)?"uid":"[\w-]+","resourceVersion":"(\d+)"/;

/** The object that the beginning of an object's or a watch event's JSON is about, if it is sure. */
export function identifyHead(text: string): ObjectIdentity | undefined {
  const [, name, namespace = '', resourceVersion] = HEAD.exec(text) ?? [];
  return name === undefined || resourceVersion === undefined
    ? undefined
    : { namespace, name, resourceVersion };
}
