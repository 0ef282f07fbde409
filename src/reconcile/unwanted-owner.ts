import { arrayMember, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { pointerTo, testVersion, type PatchOperation, type PatchStep } from '../resources/json-patch.ts';
import type { Jwt } from '../resources/jwt.ts';
import { OWNING_JWT } from '../resources/names.ts';
import { parseSecretMetadata } from '../resources/secret.ts';
import type { Observed } from './observed.ts';
import { findOwnership, isOwnedBy, nameOf } from './ownership.ts';

/**
 * Whether garbage collection would delete with the JWT what is not the JWT's own: data of others, the private key, or a token
 * that `Retain` keeps. `unread`: only the data of the Secret shows it. The fate of the token does not matter, and a Secret that
 * another object controls is that one's.
 */
export function judgeOwnerReference({
  jwt,
  secret,
  isKeyInOwnSecret,
}: Pick<Observed, 'jwt' | 'secret' | 'isKeyInOwnSecret'>): 'harmless' | 'unwanted' | 'unread' {
  if (secret === undefined || secret.isDeleting || !isOwnedBy(jwt, secret)) return 'harmless';
  if (findOwnership(jwt, secret) !== 'ours') return 'harmless';
  if (isKeyInOwnSecret || jwt.isRetained) return 'unwanted';
  if (secret.hasOtherData === undefined) return 'unread';
  return secret.hasOtherData ? 'unwanted' : 'harmless';
}

/**
 * A JSON patch (RFC 6902) that takes the JWT off the owners of its Secret. An apply would take back only what our own field
 * manager wrote, and needs a token to write. A Secret that was the JWT's by that reference alone gets the annotation that
 * names the JWT, and stays its own. Empty: the JWT is not an owner.
 */
export function disownPatch(
  jwt: Pick<Jwt, 'namespace' | 'name' | 'uid'>,
  secret: JsonObject,
): readonly PatchStep[] {
  const metadata = objectMember(secret, 'metadata');
  const removals = arrayMember(metadata, 'ownerReferences')
    .flatMap((owner, index) => (stringMember(owner, 'uid') === jwt.uid ? [index] : []))
    .toReversed() // the last first: each removal moves those after it
    .map((index): PatchOperation => ({
      op: 'remove',
      path: pointerTo(['metadata', 'ownerReferences', String(index)]),
    }));
  if (removals.length === 0) return [];
  return [testVersion(stringMember(metadata, 'resourceVersion')), ...removals, ...writeName(jwt, secret)];
}

function writeName(
  jwt: Pick<Jwt, 'namespace' | 'name' | 'uid'>,
  secret: JsonObject,
): readonly PatchOperation[] {
  const { annotations } = parseSecretMetadata(secret);
  if (findOwnership(jwt, { owners: [], annotations }) === 'ours') return [];
  const path = ['metadata', 'annotations'];
  const hasAnnotations = objectMember(objectMember(secret, 'metadata'), 'annotations') !== undefined;
  return [
    hasAnnotations
      ? { op: 'add', path: pointerTo([...path, OWNING_JWT]), value: nameOf(jwt) }
      : { op: 'add', path: pointerTo(path), value: { [OWNING_JWT]: nameOf(jwt) } },
  ];
}
