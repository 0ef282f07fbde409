import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../resources/json.ts';
import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import { GROUP, KIND, VERSION } from '../resources/names.ts';
import type { StateProblem } from '../resources/problem.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { LONGEST_TOKEN, parseSecretMetadata, readSecretToken } from '../resources/secret.ts';
import { desiredSecret } from '../reconcile/desired-secret.ts';
import type { Observed, SecretObservation } from '../reconcile/observed.ts';
import { isLegacySecret, takeOverPatch } from '../reconcile/take-over.ts';
import { buildClaims, type Claims } from '../signing/claims.ts';
import { readToken, signToken } from '../signing/token.ts';
import { Stale } from './stale.ts';

/** Where results go. Every method throws what the API server answers. */
export interface Store {
  readSecret(namespace: string, name: string): Promise<JsonObject | undefined>;
  /**
   * Server-side apply by our field manager. Unforced for a Secret that was not there: if somebody else made one
   * meanwhile, the apply conflicts instead of taking it over. `signedBy` is the thumbprint of the key whose public half
   * the token in it was just verified with.
   */
  applySecret(
    secret: JsonObject,
    options: { readonly force: boolean; readonly signedBy?: string },
  ): Promise<void>;
  /** Server-side apply of the whole status. */
  applyStatus(jwt: JsonObject): Promise<void>;
  /** JSON patch of a Secret; gives it as it is then. */
  patchSecret(namespace: string, name: string, operations: readonly JsonObject[]): Promise<JsonObject>;
  /** Merge patch of a JWT's metadata. */
  patchJwt(namespace: string, name: string, patch: JsonObject): Promise<void>;
}

/** A token that was written, with its claims and the time of signing in seconds since the epoch. */
export interface Signed {
  readonly claims: Claims;
  readonly issuedAt: number;
  /** Seconds that making and checking the signature took. */
  readonly duration: number;
}

/**
 * Signs a token and writes it. A problem is one of the author's input; what the API server refuses is thrown.
 * `onSigned` is called with the token before it is written.
 */
export async function signAndWrite(
  store: Store,
  observed: Observed,
  now: number,
  onSigned: (signed: Signed) => void,
): Promise<Result<Signed, StateProblem>> {
  const { jwt, key, secret } = observed;
  if (!jwt.spec.ok) return jwt.spec;
  if (key.state !== 'read') throw new Error('a token was to be signed before its key was read');
  const spec = jwt.spec.value;
  if (spec.claimsDigest !== undefined) throw new Stale('the JWT with the claims is not there any more');
  const issuedAt = Math.floor(now);
  const claims = buildClaims(spec, issuedAt, randomUUID());
  if (!claims.ok) return fail(claims.problem);
  const startedAt = performance.now();
  const token = await signToken(key.key, spec.keyId, claims.value);
  if (token.length > LONGEST_TOKEN) return fail(tooLong(token));
  const signed = { claims: claims.value, issuedAt, duration: (performance.now() - startedAt) / 1000 };
  onSigned(signed);
  const present =
    secret !== undefined && isLegacySecret(secret)
      ? await takeOver(store, jwt, secret, await store.readSecret(jwt.namespace, jwt.name))
      : secret;
  const body = desiredSecret(jwt, spec, token, { issuedAt, expiresAt: claims.value.exp }, present);
  await store.applySecret(body, { force: secret !== undefined, signedBy: key.key.thumbprint });
  return ok(signed);
}

/** Claims of 64 KiB are a third longer in a token; one that is not read again would be signed again and again. */
function tooLong({ length }: string): StateProblem {
  const message = `the token would take ${length} bytes, at most ${LONGEST_TOKEN} are allowed: make spec.data smaller`;
  return { reason: 'ClaimsInvalid', message };
}

/**
 * Writes the Secret's metadata again with the same token bytes: a server-side apply that left the token out would
 * delete it, and an ECDSA signature cannot be made twice. Writes nothing and throws `Stale` when the Secret is gone or
 * changed since it was observed: it may not be ours any more.
 */
export async function repairSecret(
  store: Store,
  jwt: Jwt,
  spec: JwtSpec,
  secret: SecretObservation,
): Promise<void> {
  const object = await store.readSecret(jwt.namespace, jwt.name);
  const token = readSecretToken(object);
  const read = token === undefined ? undefined : readToken(token);
  const expiresAt = read?.claims['exp'];
  if (!isUnchanged(object, secret) || token === undefined || typeof expiresAt !== 'number')
    throw new Stale('the Secret is not as it was observed');
  const issuedAt = Math.floor(expiresAt - spec.lifetime);
  const present = isLegacySecret(secret) ? await takeOver(store, jwt, secret, object) : secret;
  await store.applySecret(desiredSecret(jwt, spec, token, { issuedAt, expiresAt }, present), { force: true });
}

function isUnchanged(
  object: JsonObject | undefined,
  { resourceVersion }: Pick<SecretObservation, 'resourceVersion'>,
): object is JsonObject {
  return object !== undefined && parseSecretMetadata(object).resourceVersion === resourceVersion;
}

/**
 * Makes token-manager's Secret ours to apply; gives the state to write over. A Secret that changed since it was observed
 * may be somebody else's by now: then that is the observed one, and the apply conflicts.
 */
async function takeOver(
  store: Store,
  jwt: Jwt,
  secret: SecretObservation,
  object: JsonObject | undefined,
): Promise<SecretObservation> {
  const operations = isUnchanged(object, secret) ? takeOverPatch(object) : [];
  if (operations.length === 0) return secret;
  const patched = await store.patchSecret(jwt.namespace, jwt.name, operations);
  return { ...secret, resourceVersion: parseSecretMetadata(patched).resourceVersion };
}

/**
 * A status as the body of a server-side apply to the status subresource. It carries the observed resourceVersion: one
 * that arrives late overwrites no newer one, nor that of a JWT that was created again under the same name.
 */
export function statusBody({ name, namespace, resourceVersion }: Jwt, status: JsonObject): JsonObject {
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    metadata: { name, namespace, resourceVersion },
    status,
  };
}
