import type { JsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import { EXPIRES_AT, LAST_SIGNING_TIME } from '../resources/names.ts';
import type { SecretMetadata } from '../resources/secret.ts';
import type { AskedBefore } from '../signing/check-token.ts';
import type { Seconds } from '../time/units.ts';
import { hadToken, recordsToken } from './key-record.ts';

/** kopf, the framework of token-manager, puts annotations and a finalizer of this prefix on JWTs. */
const KOPF_PREFIX = 'kopf.zalando.org/';

/** A token-manager that runs removes its finalizer from a deleted JWT within moments; after this time, none runs. */
const RELEASE_AFTER: Seconds = 10;

/**
 * When a JWT that is being deleted has waited long enough for token-manager, in seconds since the epoch; `undefined` when
 * it does not wait for it. Until then, and on every other JWT, kopf's finalizer and annotations stay: to a token-manager
 * that runs, a JWT without them is new, and it would sign it again.
 */
export function releaseTime({ deletedAt, finalizers }: Jwt): Seconds | undefined {
  return deletedAt !== undefined && finalizers.some(isKopf) ? deletedAt + RELEASE_AFTER : undefined;
}

/**
 * A merge patch (RFC 7386) of a deleted JWT that removes token-manager's finalizer, which would keep JWT and namespace forever.
 * Carries the resourceVersion, so that no finalizer of others is lost.
 */
export function releasePatch({ resourceVersion, finalizers }: Jwt): JsonObject {
  return { metadata: { resourceVersion, finalizers: finalizers.filter((name) => !isKopf(name)) } };
}

/** A Secret as token-manager wrote it: signed, but never by us. */
export function isLegacySecret({ annotations, ours }: Pick<SecretMetadata, 'annotations' | 'ours'>): boolean {
  return (
    annotations[LAST_SIGNING_TIME] !== undefined &&
    annotations[EXPIRES_AT] === undefined &&
    ours.annotations.length + ours.labels.length === 0
  );
}

/**
 * The content of the spec when its token was last found to be right, by the status; `undefined` before the take-over. A token of
 * token-manager does not say all of it, and must not outlive a change of what it does not say. A round that finds it wrong takes
 * it out of the status: it stays wrong then, also if the new one could not be signed at that time. A round that could not look
 * leaves it there.
 */
export function lastAsked({ recorded }: Pick<Jwt, 'recorded'>): AskedBefore | undefined {
  if (!hadToken(recorded)) return undefined;
  if (!recordsToken(recorded)) return { issuer: undefined, lifetime: undefined };
  const { issuer, issuedAt, expiresAt } = recorded;
  const hasTimes = issuedAt !== undefined && expiresAt !== undefined;
  return { issuer, lifetime: hasTimes ? expiresAt - issuedAt : undefined };
}

/** Whether a finalizer or an annotation is of token-manager's framework. */
export function isKopf(name: string): boolean {
  return name.startsWith(KOPF_PREFIX);
}
