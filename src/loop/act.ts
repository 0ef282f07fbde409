import { objectMember, type JsonObject } from '../resources/json.ts';
import type { PatchStep } from '../resources/json-patch.ts';
import { parseSecretMetadata, readSecretToken } from '../resources/secret.ts';
import { desiredSecret, wantsOwner } from '../reconcile/desired-secret.ts';
import type { Observed, SecretObservation } from '../reconcile/observed.ts';
import { isOwnedBy } from '../reconcile/ownership.ts';
import { takeOverPatch } from '../reconcile/legacy-fields.ts';
import { isLegacySecret } from '../reconcile/take-over.ts';
import { disownPatch } from '../reconcile/unwanted-owner.ts';
import { readToken } from '../signing/token.ts';
import type { NewToken } from './make-token.ts';
import { parseTokenSecret, type SecretWithEvidence } from './observe.ts';
import { Stale } from './stale.ts';

/** The writes of a round. Every method throws what the API server answers. */
export interface Store {
  readSecret(namespace: string, name: string): Promise<JsonObject | undefined>;
  /**
   * Server-side apply by our field manager. Unforced for a Secret that was not there: if another client made one meanwhile, the
   * apply conflicts instead of taking it over. `signedBy` is the thumbprint of the key whose public half the token in it was
   * just verified with.
   */
  applySecret(
    secret: JsonObject,
    options: { readonly force: boolean; readonly signedBy?: string },
  ): Promise<void>;
  /** Server-side apply of the whole status. */
  applyStatus(jwt: JsonObject): Promise<void>;
  /** JSON patch of a Secret; returns the patched Secret. */
  patchSecret(namespace: string, name: string, steps: readonly PatchStep[]): Promise<JsonObject>;
  /** Merge patch of a JWT's metadata. */
  patchJwt(namespace: string, name: string, patch: JsonObject): Promise<void>;
}

/**
 * Writes a token that was just signed. Throws what the API server answers.
 * @param keepsOwner the JWT stays an owner of the Secret if it is one, although it should not be: it could not be taken off
 */
export async function writeToken(
  store: Store,
  { jwt, secret }: Observed,
  token: NewToken,
  keepsOwner = false,
): Promise<void> {
  if (!jwt.spec.ok) throw new Error('a token was to be written for a spec that cannot be served');
  const spec = jwt.spec.value;
  const { text, issuedAt, claims } = token;
  const staysOwner = keepsOwner && secret !== undefined && isOwnedBy(jwt, secret);
  const hasOwner = staysOwner || wantsOwner(jwt, secret?.hasOtherData);
  const inSecret = { text, issuedAt, expiresAt: claims.exp };
  const body = desiredSecret(jwt, spec, inSecret, secret, hasOwner);
  const isLegacy = secret !== undefined && isLegacySecret(secret);
  const object = isLegacy ? await store.readSecret(jwt.namespace, jwt.name) : undefined;
  const toApply = isLegacy ? await takeOver(store, secret, object, body) : body;
  await store.applySecret(toApply, { force: secret !== undefined, signedBy: token.signedBy });
}

/**
 * Writes the Secret's metadata again with the same token bytes: a server-side apply that left the token out would
 * delete it, and an ECDSA signature cannot be made twice. Writes nothing and throws `Stale` when the Secret is gone or
 * changed since it was observed: it might no longer be ours.
 */
export async function repairSecret(store: Store, { jwt, secret }: Observed): Promise<void> {
  if (!jwt.spec.ok || secret === undefined) throw new Error('there is nothing to repair');
  const spec = jwt.spec.value;
  const object = await store.readSecret(jwt.namespace, jwt.name);
  const text = readSecretToken(object);
  const read = text === undefined ? undefined : readToken(text);
  const expiresAt = read?.claims['exp'];
  if (!isUnchanged(object, secret) || text === undefined || typeof expiresAt !== 'number')
    throw new Stale(NOT_AS_OBSERVED);
  const issuedAt = Math.floor(expiresAt - spec.lifetime);
  const body = desiredSecret(jwt, spec, { text, issuedAt, expiresAt }, secret);
  const toApply = isLegacySecret(secret) ? await takeOver(store, secret, object, body) : body;
  await store.applySecret(toApply, { force: true });
}

/**
 * Takes the JWT off the owners of its Secret, and names it in an annotation where nothing else shows whose the Secret is; returns
 * the Secret as it is then. Writes nothing and throws `Stale` when the Secret is gone or changed since it was observed.
 */
export async function disownSecret(store: Store, { jwt, secret }: Observed): Promise<SecretWithEvidence> {
  if (secret === undefined) throw new Error('there is no Secret to take the owner off');
  const object = await store.readSecret(jwt.namespace, jwt.name);
  if (!isUnchanged(object, secret)) throw new Stale(NOT_AS_OBSERVED);
  const { namespace, name } = secret;
  return parseTokenSecret(await store.patchSecret(namespace, name, disownPatch(jwt, object)));
}

const NOT_AS_OBSERVED = 'the Secret is not as it was observed';

function isUnchanged(
  object: JsonObject | undefined,
  { resourceVersion }: Pick<SecretObservation, 'resourceVersion'>,
): object is JsonObject {
  return object !== undefined && parseSecretMetadata(object).resourceVersion === resourceVersion;
}

/**
 * Takes from token-manager the fields of its Secret that `body` sets; returns what to apply then. If the Secret changed since it
 * was observed, it might belong to another owner now: then nothing is written, and the apply conflicts.
 */
async function takeOver(
  store: Store,
  secret: SecretObservation,
  object: JsonObject | undefined,
  body: JsonObject,
): Promise<JsonObject> {
  const steps = isUnchanged(object, secret) ? takeOverPatch(object, body) : [];
  if (steps.length === 0) return body;
  const patched = await store.patchSecret(secret.namespace, secret.name, steps);
  const { resourceVersion } = parseSecretMetadata(patched);
  return { ...body, metadata: { ...objectMember(body, 'metadata'), resourceVersion } };
}
