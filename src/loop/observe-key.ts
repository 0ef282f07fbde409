import { findCondition } from '../reconcile/conditions.ts';
import {
  findKeyRefusal,
  keyVersionOf,
  locateKey,
  locateKeyOfAny,
  readKeyText,
  type KeyReference,
  type KeyTerms,
} from '../reconcile/key-access.ts';
import type { KeyObservation } from '../reconcile/observed.ts';
import type { JsonObject } from '../resources/json.ts';
import type { Jwt, JwtSpec } from '../resources/jwt.ts';
import { objectKey } from '../resources/object-key.ts';
import type { StateProblem } from '../resources/problem.ts';
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

type UnreadKey = Extract<KeyObservation, { readonly state: 'unread' }>;

/** Observes a JWT's key in the caches: whether it is there and may be used. The key is not read. */
export function observeKey(
  { sources, legacyKeyNamespace }: Pick<KeyObserver, 'sources' | 'legacyKeyNamespace'>,
  jwt: Jwt,
): KeyObservation {
  if (!jwt.spec.ok) return { state: 'unavailable', problem: jwt.spec.problem };
  const reference = locateKey(jwt, jwt.spec.value.key, legacyKeyNamespace);
  if (reference === undefined) return { state: 'unread', version: `${jwt.uid}/${jwt.generation}` };
  const { namespace, name } = reference;
  const secret = findKeySecret(sources, reference);
  if (secret === 'unlisted') return observeUnlistedKey(jwt, reference);
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
 * The object of the caches that `observeKey` depends on besides the JWT: the metadata of the Secret with the key. `undefined`:
 * there is none, or the key is in the JWT.
 */
export function findKeyObject(
  { sources, legacyKeyNamespace }: Pick<KeyObserver, 'sources' | 'legacyKeyNamespace'>,
  jwt: Jwt,
): SecretMetadata | 'unlisted' | undefined {
  const reference = locateKeyOfAny(jwt, legacyKeyNamespace);
  return reference === undefined ? undefined : findKeySecret(sources, reference);
}

function findKeySecret(
  sources: KeySources,
  { namespace, name }: KeyReference,
): SecretMetadata | 'unlisted' | undefined {
  if (!sources.isListed(namespace)) return 'unlisted';
  return sources.secretMetadata(namespace, name) ?? sources.tokenSecret(namespace, name)?.metadata;
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
    ? { state: 'unread', version: keyVersion, isUnlisted: true }
    : {
        state: 'unread',
        version: `not listed/${objectKey(reference)}/${reference.key}`,
        isUnlisted: true,
        isGrantUnread: true,
      };
}

/**
 * The key itself, read unless that version of it is known already: where the caches do not show the namespace, only the object
 * says which version there is. Throws what the API server answers, except where that would show that the object exists.
 */
export async function readKey(
  { keyCache, legacyKeyNamespace, sources }: KeyObserver,
  jwt: Jwt,
  spec: JwtSpec,
  seen: UnreadKey,
): Promise<KeyObservation> {
  const reference = locateKey(jwt, spec.key, legacyKeyNamespace);
  const refuse = (terms: KeyTerms | undefined): StateProblem | undefined =>
    reference === undefined ? undefined : findKeyRefusal(jwt, reference, terms);
  const load = async () => {
    if (spec.key.from === 'value')
      return { version: seen.version, annotations: {}, content: ok(spec.key.text) };
    if (reference === undefined) return undefined;
    const object = await sources.readSecret(reference.namespace, reference.name);
    if (object === undefined) return undefined;
    return {
      version: keyVersionOf(parseSecretMetadata(object), reference.key),
      annotations: readKeyTerms(object),
      content: readKeyText(object, reference),
    };
  };
  let isGranted = false;
  const mayUse = (terms: KeyTerms): boolean => (isGranted = refuse(terms) === undefined);
  const isListed = reference === undefined || sources.isListed(reference.namespace);
  try {
    const held =
      isListed && seen.isUnlisted !== true
        ? await keyCache.read(seen.version, spec.algorithm, load, mayUse)
        : await keyCache.readLoaded(await load(), spec.algorithm, mayUse);
    // It may have been read for another JWT. Whether this JWT is granted the key is decided by the object that was read.
    const problem = refuse(held);
    const isSeen = held?.version === seen.version; // and so, what the caches do not keep of it decided
    if (problem !== undefined)
      return { state: 'unavailable', problem, ...(isSeen ? {} : { isDisputed: true }) };
    if (held?.content === undefined) throw new Error('a key that was not read was not refused');
    const { content, version } = held;
    if (content.ok) return { state: 'read', version, key: content.value };
    return { state: 'unavailable', problem: describeContent(content.problem, reference) };
  } catch (error) {
    const problem = isGranted || !mayBeUnknown(jwt, seen) ? undefined : refuse(undefined);
    if (problem === undefined) throw error;
    return { state: 'unavailable', problem, isDisputed: true };
  }
}

/**
 * Whether the JWT may not know yet that the Secret of its key exists: only a Secret that is there is read to learn whether it is
 * granted. In a namespace that is not listed every Secret is.
 */
function mayBeUnknown({ recorded }: Jwt, seen: UnreadKey): boolean {
  const [uid] = seen.version.split('/');
  const isUsed = recorded.keyVersion?.split('/')[0] === uid;
  return seen.isGrantUnread === true && seen.isUnlisted !== true && !isUsed;
}

function describeContent(problem: StateProblem, reference: KeyReference | undefined): StateProblem {
  if (problem.reason === 'KeyNotFound') return problem;
  const where =
    reference === undefined
      ? 'spec.key.value'
      : `Secret ${reference.namespace}/${reference.name}, data key "${reference.key}"`;
  return { ...problem, message: `${where}: ${problem.message}` };
}
