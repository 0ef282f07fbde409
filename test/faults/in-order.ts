import type { Loose } from '../integration/objects.ts';
import { tokenIn } from './judge-token.ts';

/** Public names on the Secret. */
export const MANAGED = 'tokens.osg-htc.org/managed';
export const SIGNED_AT = 'tokens.osg-htc.org/last-signing-time';
export const EXPIRES_AT = 'tokens.osg-htc.org/expires-at';
export const NAMED = 'tokens.osg-htc.org/jwt';

/**
 * Whether the metadata and the status around the token are as documented. `undefined` stands for an object
 * that does not exist.
 */
export function isInOrder({ secret, jwt }: { readonly secret: Loose; readonly jwt: Loose }): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [], managedFields } = secret?.metadata ?? {};
  const { exp = 0, iat = 0 } = tokenIn(secret)?.claims ?? {};
  const [owner] = ownerReferences;
  const ours = (managedFields ?? []).filter(({ manager }: Loose) => manager === 'jwt-injector');
  const isShared = Object.keys(secret?.data ?? {}).length > 1;
  return (
    labels[MANAGED] === 'true' &&
    labels['app.kubernetes.io/managed-by'] === 'jwt-injector' &&
    Date.parse(annotations[EXPIRES_AT] ?? '') === exp * 1000 &&
    Number(annotations[SIGNED_AT]) === iat + 60 &&
    (isShared ? owner === undefined : owner?.uid === jwt?.metadata.uid && owner.controller === true) &&
    !JSON.stringify(ours).includes('"f:blockOwnerDeletion"') && // another user may set it, and only they can take it off
    annotations[NAMED] === `${jwt?.metadata.namespace}/${jwt?.metadata.name}`
  );
}
