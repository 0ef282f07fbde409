import { findCondition } from '../reconcile/conditions.ts';
import {
  findKeyRefusal,
  keyVersionOf,
  locateKey,
  readKeyText,
  type KeyReference,
} from '../reconcile/key-access.ts';
import type { KeyObservation } from '../reconcile/observed.ts';
import type { JsonObject } from '../resources/json.ts';
import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import { objectKey } from '../resources/object-key.ts';
import { ok } from '../resources/result.ts';
import { parseSecretMetadata, readKeyTerms, type SecretMetadata } from '../resources/secret.ts';
import type { KeyCache } from './key-cache.ts';

/** The places in which keys are found. The caches answer at once; `readSecret` asks the API server and throws its errors. */
export interface KeySources {
  /** Whether the caches hold the Secrets of that namespace; of those watched by themselves, one may be listed later. */
  isListed(namespace: string): boolean;
  /** The Secrets of a JWT's name with our label: their data was read. */
  tokenSecret(namespace: string, name: string): { readonly metadata: SecretMetadata } | undefined;
  /** The metadata of any other Secret. */
  secretMetadata(namespace: string, name: string): SecretMetadata | undefined;
  /** The Secret's wire JSON; `undefined`: there is no such Secret. */
  readSecret(namespace: string, name: string): Promise<JsonObject | undefined>;
}

/** The dependencies of observing a key. */
export interface KeyObserver {
  readonly sources: KeySources;
  readonly keyCache: KeyCache;
  readonly legacyKeyNamespace: string | undefined;
}

/** Observes a JWT's key in the caches: whether it is there and may be used. The key is not read. */
export function observeKey(
  { sources, legacyKeyNamespace }: Pick<KeyObserver, 'sources' | 'legacyKeyNamespace'>,
  jwt: Jwt,
): KeyObservation {
  if (!jwt.spec.ok) return { state: 'unavailable', problem: jwt.spec.problem };
  const reference = locateKey(jwt, jwt.spec.value.key, legacyKeyNamespace);
  if (reference === undefined) return { state: 'unread', version: `${jwt.uid}/${jwt.generation}` };
  const { namespace, name } = reference;
  if (!sources.isListed(namespace)) return observeUnlistedKey(jwt, reference);
  const secret = sources.secretMetadata(namespace, name) ?? sources.tokenSecret(namespace, name)?.metadata;
  const problem = findKeyRefusal(jwt, reference, secret);
  if (problem !== undefined || secret === undefined) {
    return {
      state: 'unavailable',
      problem: problem ?? { reason: 'KeyNotFound', message: `key Secret ${name} does not exist` },
    };
  }
  const version = keyVersionOf(secret, reference.key);
  // A recorded version was used: so it was granted.
  const isGrantUnread =
    secret.hasLongGrants === true && namespace !== jwt.namespace && jwt.recorded.keyVersion !== version;
  return { state: 'unread', version, ...(isGrantUnread ? { isGrantUnread } : {}) };
}

/**
 * A key that is missing in these caches may exist. The words of the status about it hold until something is to be signed;
 * without that only the API server knows, and is asked first.
 */
function observeUnlistedKey({ recorded, generation }: Jwt, reference: KeyReference): KeyObservation {
  const { keyVersion } = recorded;
  const available = findCondition(recorded, 'KeyAvailable');
  const isOfSpec = available?.status === 'True' && available.observedGeneration === generation;
  return isOfSpec && keyVersion !== undefined
    ? { state: 'unread', version: keyVersion }
    : {
        state: 'unread',
        version: `not listed/${objectKey(reference)}/${reference.key}`,
        isGrantUnread: true,
      };
}

/**
 * The key itself, read unless that `version` of it is known already: where the caches do not show the namespace, only the object
 * says which version there is. Throws what the API server answers.
 */
export async function readKey(
  { keyCache, legacyKeyNamespace, sources }: KeyObserver,
  jwt: Jwt,
  spec: JwtSpec,
  version: string,
): Promise<KeyObservation> {
  const reference = locateKey(jwt, spec.key, legacyKeyNamespace);
  const load = async () => {
    if (spec.key.from === 'value') return { version, annotations: {}, content: ok(spec.key.text) };
    if (reference === undefined) return undefined;
    const object = await sources.readSecret(reference.namespace, reference.name);
    if (object === undefined) return undefined;
    return {
      version: keyVersionOf(parseSecretMetadata(object), reference.key),
      annotations: readKeyTerms(object),
      content: readKeyText(object, reference),
    };
  };
  const isShown = reference === undefined || sources.isListed(reference.namespace);
  const held = isShown
    ? await keyCache.read(version, spec.algorithm, load)
    : await keyCache.readLoaded(await load(), spec.algorithm);
  // It may have been read for another JWT. Whether this JWT is granted the key is decided by the object that was read.
  const refusal = reference === undefined ? undefined : findKeyRefusal(jwt, reference, held);
  if (refusal !== undefined) {
    const isSeen = held?.version === version; // and so, what the caches do not keep of it decided
    return { state: 'unavailable', problem: refusal, ...(isSeen ? {} : { isDisputed: true }) };
  }
  if (held === undefined) throw new Error('a key Secret that is not there was not refused');
  const { content } = held;
  if (content.ok) return { state: 'read', version: held.version, key: content.value };
  const where =
    reference === undefined
      ? 'spec.key.value'
      : `Secret ${reference.namespace}/${reference.name}, data key "${reference.key}"`;
  const isAboutContent = content.problem.reason !== 'KeyNotFound';
  const message = isAboutContent ? `${where}: ${content.problem.message}` : content.problem.message;
  return { state: 'unavailable', problem: { ...content.problem, message } };
}
