import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import type { FoundJwt } from '../cluster/find-jwt.ts';
import { readSecretMetadata } from '../cluster/read-secret.ts';
import { nameJwt, type IssuerKeys } from './keys-of-jwt.ts';
import { readRotation } from './rotation.ts';

/**
 * The keys of a JWT without the new one of its rotation, if the Secret of that key does not exist and the JWT does not name
 * it: `rotate` was killed between the annotation and the Secret then, and nobody has the private key.
 */
export async function checkNewKey(
  { client, printer }: Access,
  { jwt, object }: FoundJwt,
  keys: IssuerKeys,
): Promise<IssuerKeys> {
  const rotation = readRotation(object);
  if (rotation === undefined || !keys.entries.some(({ role }) => role === 'added')) return keys;
  const { kid } = rotation.publicKey;
  if (jwt.spec.ok && jwt.spec.value.keyId === kid) return keys;
  const { namespace, name } = jwt;
  const found = await readSecretMetadata(client, namespace, rotation.secret);
  if (found.state === 'found') return keys;
  const secret = `Secret ${namespace}/${rotation.secret}`;
  if (found.state === 'forbidden') {
    const warning = `kid ${kid} of the rotation of ${nameJwt(jwt)} is published, but whether its ${secret} exists is not known: you are not allowed to ${describeRequest(found.error)}`;
    return { ...keys, warnings: [warning] };
  }
  const again = printer.jwtInjector('rotate', name, '-n', namespace);
  const warning = `kid ${kid} of the rotation of ${nameJwt(jwt)} is not published, because its ${secret} does not exist: make another key (${again})`;
  return { ...keys, entries: keys.entries.filter(({ role }) => role !== 'added'), warnings: [warning] };
}
