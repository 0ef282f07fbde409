import { calculateJwkThumbprint } from 'jose';
import type { ObjectName } from '../../resources/object-key.ts';
import type { Jwt } from '../../resources/jwt.ts';
import type { RetiredKey } from '../../resources/recorded-status.ts';
import { locateKey } from '../../reconcile/key-access.ts';
import { parsePublicJwk } from '../../reconcile/key-record.ts';
import { bareJwk } from '../../signing/key/public-jwk.ts';
import type { Rotation } from '../issuer/rotation.ts';
import { mayHaveKeyId } from './next-step.ts';

/** The key that a rotation replaces. */
export interface OldKey {
  readonly keyId: string | undefined;
  /** RFC 7638; `undefined` where nobody recorded it. A `kid` is what its author likes, a thumbprint is of one key. */
  readonly thumbprint: string | undefined;
  /** Below whose URL it is published. */
  readonly issuer: string | undefined;
  /** `undefined` if it is elsewhere, or is not known any more; so may the data key be. */
  readonly place: (ObjectName & { readonly dataKey: string | undefined }) | undefined;
}

/** The old key, before the switch and after it. */
export function findReplacedKey(
  jwt: Jwt,
  rotation: Rotation | undefined,
  legacyKeyNamespace: string | undefined,
): OldKey {
  const { namespace, recorded, spec } = jwt;
  const { issuer, keyId, keyThumbprint: thumbprint } = recorded;
  if (rotation?.switchedAt === undefined) {
    const reference = spec.ok ? locateKey(jwt, spec.value.key, legacyKeyNamespace) : undefined;
    const place = reference === undefined ? undefined : { ...reference, dataKey: reference.key };
    return { keyId, thumbprint, issuer, place };
  }
  const { previousKeyId, previousThumbprint, previousSecret: name, previousDataKey: dataKey } = rotation;
  const place = name === undefined ? undefined : { namespace, name, dataKey };
  return { keyId: previousKeyId, thumbprint: previousThumbprint, issuer, place };
}

/** Whether tokens of a status are of the old key, as far as issuer and `kid` say. */
export function looksLikeOldKey({ publicKey, issuer }: RetiredKey, old: OldKey): boolean {
  return old.keyId !== undefined && issuer === old.issuer && mayHaveKeyId(publicKey, old.keyId);
}

/** Whether a public key in a status is the old one. What cannot be compared may be. */
export async function isOldKey({ publicKey }: RetiredKey, { thumbprint }: OldKey): Promise<boolean> {
  const jwk = parsePublicJwk(publicKey);
  if (jwk === undefined || thumbprint === undefined) return true;
  const found = await calculateJwkThumbprint(bareJwk(jwk)).catch(() => undefined);
  return found === undefined || found === thumbprint;
}
