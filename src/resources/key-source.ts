import { isJsonObject, member, objectMember, stringMember } from './json.ts';
import { MAX_DNS_LABEL, MAX_OBJECT_NAME } from './object-name.ts';
import type { StateProblem } from './problem.ts';
import { fail, ok, type Result } from './result.ts';
import { isLongerThan } from './text-length.ts';

/** Characters, as the CRD bounds them. A key of 8,192 bits takes 6,500, with room for a certificate and text around it. */
export const MAX_KEY_TEXT = 16_384;
/** The problem with a longer one, without any part of it. */
export const KEY_TEXT_TOO_LONG = `the text has more than ${MAX_KEY_TEXT} characters: give the private key alone`;

/** The place of the private key. `namespace` is absent when the JWT's own is meant. */
export type KeySource =
  | { readonly from: 'value'; readonly text: string }
  | { readonly from: 'secret'; readonly name: string; readonly key: string; readonly namespace?: string };

/** Reads `spec.key`. A text that is longer than any key is not kept. */
export function parseKeySource(key: unknown): Result<KeySource, StateProblem> {
  if (!isJsonObject(key)) return unreadableKey('spec.key is missing: set spec.key.secret {name, key}');
  const given = ['value', 'secret', 'configMap'].filter(
    (name) => (member(key, name) ?? undefined) !== undefined,
  );
  const [source] = given;
  if (source === undefined) {
    return unreadableKey(
      'spec.key must have exactly one source, it has none: set spec.key.secret {name, key}',
    );
  }
  if (given.length > 1) {
    return unreadableKey(
      `spec.key must have exactly one source, it has ${given.join(' and ')}: set spec.key.secret {name, key} and nothing else`,
    );
  }
  if (source === 'configMap') {
    return unreadableKey(
      'spec.key.configMap: a private key in a ConfigMap is never read: move the key into a Secret: ' +
        'kubectl create secret generic NAME --from-file=key.pem, then set spec.key.secret {name: NAME, key: key.pem}',
    );
  }
  const value = member(key, 'value');
  if (source === 'value') {
    if (typeof value !== 'string' || value.trim() === '')
      return unreadableKey('spec.key.value must hold a PEM or JWK text');
    return isLongerThan(value, MAX_KEY_TEXT)
      ? unreadableKey(`spec.key.value: ${KEY_TEXT_TOO_LONG}`)
      : ok({ from: 'value', text: value });
  }
  const secret = objectMember(key, 'secret');
  const name = stringMember(secret, 'name');
  const dataKey = stringMember(secret, 'key');
  const namespace = stringMember(secret, 'namespace');
  if (name === undefined || name === '')
    return unreadableKey('spec.key.secret.name must name the Secret that holds the key');
  if (dataKey === undefined || dataKey === '') {
    return unreadableKey(
      'spec.key.secret.key must name the data key of the Secret that holds the private key',
    );
  }
  if ([name, dataKey].some((part) => isLongerThan(part, MAX_OBJECT_NAME)))
    return unreadableKey(`spec.key.secret: a name has more than ${MAX_OBJECT_NAME} characters`);
  if (isLongerThan(namespace ?? '', MAX_DNS_LABEL))
    return unreadableKey(`spec.key.secret.namespace has more than ${MAX_DNS_LABEL} characters`);
  return ok({
    from: 'secret',
    name,
    key: dataKey,
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
  });
}

/** A key that cannot be read, and why. */
export function unreadableKey(message: string): { readonly ok: false; readonly problem: StateProblem } {
  return fail({ reason: 'KeyUnreadable', message });
}
