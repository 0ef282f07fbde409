import type { ObjectName } from './object-key.ts';
import type { KeySource } from './key-source.ts';
import type { StateProblem } from './problem.ts';

/**
 * Whether a JWT names, for its key, the Secret that its token would be written to.
 * @param defaultNamespace the namespace of a key that names none.
 */
export function isKeyInOwnSecret(jwt: ObjectName, key: KeySource, defaultNamespace: string): boolean {
  if (key.from !== 'secret' || key.name !== jwt.name) return false;
  return (key.namespace ?? defaultNamespace) === jwt.namespace;
}

/** The problem of such a JWT. The Secret may hold the only copy of a key: nothing here may lead to its loss. */
export function describeKeyInOwnSecret({ name }: { readonly name: string }): StateProblem {
  return {
    reason: 'SecretConflict',
    message:
      `spec.key.secret names Secret ${name}, where the token of this JWT would be written: a token is never written to ` +
      'the Secret of its key. Store the key in a Secret of another name and name that one in spec.key.secret, or create ' +
      'the JWT under another name; or name the namespace of the key in spec.key.secret, if it is another one',
  };
}
