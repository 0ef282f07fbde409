import type { JWK } from 'jose';
import { isJsonObject } from '../resources/json.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { publishedJwk } from '../signing/key/public-jwk.ts';
import type { KeyObservation, Observed } from './observed.ts';
import { findOwnership } from './ownership.ts';

/** The facts about a key in `status`. */
type KeyRecord = Pick<RecordedStatus, 'keyId' | 'keyThumbprint' | 'publicKey' | 'keyVersion'>;

/**
 * The record in `status` of the key that the current token was signed with. It changes with a signature, or when the key was read
 * and proved to be the recorded one; so a key that cannot sign never replaces the record of the one that did.
 */
export function recordKey({ jwt, key, secret, recordedKey }: Observed, hasSigned: boolean): KeyRecord {
  const { recorded, spec } = jwt;
  const { keyThumbprint, publicKey, keyVersion } = recorded;
  // A token in another owner's Secret may have been checked or not, depending on what is in memory: it does not count.
  const isOurs = secret !== undefined && findOwnership(jwt, secret) === 'ours';
  const token = isOurs && secret.token.state === 'valid' ? secret.token : undefined;
  if (!spec.ok || (!hasSigned && token === undefined))
    return { keyId: recorded.keyId, keyThumbprint, publicKey, keyVersion };
  const { keyId, algorithm } = spec.value;
  const publish = (jwk: JWK): string => JSON.stringify(publishedJwk(jwk, keyId, algorithm));
  const isProved = hasSigned || (token?.signature === 'verified' && !isKeyChanged(recorded, key));
  if (key.state === 'read' && isProved) {
    const { publicJwk, thumbprint } = key.key;
    return { keyId, keyThumbprint: thumbprint, publicKey: publish(publicJwk), keyVersion: key.version };
  }
  // A valid token carries the kid of the spec, whatever was recorded.
  return {
    keyId,
    keyThumbprint,
    publicKey: recordedKey === undefined ? publicKey : publish(recordedKey),
    keyVersion,
  };
}

/**
 * Whether a token was ever recorded. The facts of the token go while its Secret is missing or broken; the key that it was signed
 * with stays.
 */
export function hadToken({
  tokenId,
  keyThumbprint,
}: Pick<RecordedStatus, 'tokenId' | 'keyThumbprint'>): boolean {
  return tokenId !== undefined || keyThumbprint !== undefined;
}

/** Whether the status speaks of a token in the Secret. Some of token-manager's have no `jti`. */
export function recordsToken({ tokenId, expiresAt }: Pick<RecordedStatus, 'tokenId' | 'expiresAt'>): boolean {
  return tokenId !== undefined || expiresAt !== undefined;
}

/** A key that was read just now and is not the one that the last token was signed with. */
export function isKeyChanged(
  { keyThumbprint }: Pick<RecordedStatus, 'keyThumbprint'>,
  key: KeyObservation,
): boolean {
  return key.state === 'read' && keyThumbprint !== undefined && keyThumbprint !== key.key.thumbprint;
}

/** The JWK in `status.publicKey`; `undefined` for a text that is not a JWK. */
export function parsePublicJwk(text: string): JWK | undefined {
  try {
    const jwk: unknown = JSON.parse(text);
    return isJsonObject(jwk) && typeof jwk['kty'] === 'string' ? { ...jwk, kty: jwk['kty'] } : undefined;
  } catch {
    return undefined;
  }
}
