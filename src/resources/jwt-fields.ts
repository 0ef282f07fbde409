import { isJsonObject, member } from './json.ts';

const DURATION = ['days', 'hours', 'minutes'] as const;

/** The members that `spec` and the objects in it may have; what is in `data` is free. */
const JWT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  spec: [
    'issuer',
    'keyId',
    'algorithm',
    'data',
    'expiryTime',
    'resignBefore',
    'key',
    'secretTemplate',
    'deletionPolicy',
  ],
  'spec.expiryTime': DURATION,
  'spec.resignBefore': DURATION,
  'spec.key': ['secret', 'value', 'configMap'],
  'spec.key.secret': ['name', 'key', 'namespace'],
  'spec.secretTemplate': ['labels', 'annotations'],
};

/** Paths of members of a JWT's spec that mean nothing, e.g. `spec.keyID`: the API server drops them with a warning. */
export function findUnknownFields(spec: unknown): readonly string[] {
  return Object.entries(JWT_FIELDS).flatMap(([path, known]) => {
    const object = path.split('.').slice(1).reduce(member, spec);
    if (!isJsonObject(object)) return [];
    return Object.keys(object)
      .filter((name) => !known.includes(name))
      .map((name) => `${path}.${name}`);
  });
}
