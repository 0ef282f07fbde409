import type { AlgorithmName } from '../resources/algorithms.ts';
import { keySourceOf, type Jwt } from '../resources/jwt.ts';
import { isKeyInOwnSecret } from '../resources/key-in-own-secret.ts';
import type { ObjectName } from '../resources/object-key.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import { hasOtherData, parseSecretMetadata, type SecretMetadata } from '../resources/secret.ts';
import type { KeyUser } from '../reconcile/describe-conflict.ts';
import type { KeyObservation, Observed, SecretObservation } from '../reconcile/observed.ts';
import { findOwnership } from '../reconcile/ownership.ts';
import { lastAsked } from '../reconcile/take-over.ts';
import { findPolicyRefusal } from '../signing/policy.ts';
import type { Seconds } from '../time/units.ts';
import { observeKey, readKey, type KeyObserver, type KeySources } from './observe-key.ts';
import type { PublicKeys } from './public-keys.ts';
import {
  checkSignature,
  findVerifyingKey,
  gatherEvidence,
  isVouchedFor,
  judgeEvidence,
  shareOutcome,
  type TokenEvidence,
  type VerifyingKey,
} from './token-evidence.ts';
import { Stale } from './stale.ts';

/** The Secret of a JWT's name, whose data was read. */
export interface SecretWithEvidence {
  readonly metadata: SecretMetadata;
  /** It has data keys besides `token`. */
  readonly hasOtherData: boolean;
  readonly evidence: TokenEvidence | undefined;
}

/** The sources of observations. The caches answer at once; the `read…` functions ask the API server and throw its errors. */
export interface Sources extends KeySources {
  jwt(namespace: string, name: string): Jwt | undefined;
  tokenSecret(namespace: string, name: string): SecretWithEvidence | undefined;
  /** `undefined`: there is no such JWT. */
  readJwt(namespace: string, name: string): Promise<Jwt | undefined>;
}

/** The dependencies of observing. */
export interface Observer extends KeyObserver {
  readonly sources: Sources;
  readonly publicKeys: PublicKeys;
  /** The policy of the cluster's admin; absent: everything is allowed. */
  readonly policy?: SigningPolicy;
  /**
   * Whether other code checks the signature of the token in that Secret soon, and has the JWT worked on again if it is wrong.
   * Without it every round checks for itself.
   */
  readonly isCheckedSoon?: (namespace: string, name: string) => boolean;
  /** Another JWT of its namespace whose key is in the Secret of that JWT's name. Without it none is known. */
  readonly findKeyUser?: (jwt: ObjectName) => KeyUser | undefined;
}

/** The objects that were read over the network in this round, beyond those in the caches. */
export interface Known {
  readonly key?: KeyObservation;
  /** `'absent'`: the API server said that there is no such Secret. */
  readonly secret?: SecretWithEvidence | 'absent';
  readonly jwt?: Jwt;
}

/** The observed state as far as it is known without asking anybody, or a signature that has to be checked before. */
type ObservedOrPending = { readonly state: 'complete'; readonly observed: Observed } | PendingSignature;

/** A signature that has to be checked before it is known how a JWT stands. */
interface PendingSignature {
  readonly state: 'unchecked';
  readonly evidence: TokenEvidence;
  readonly verifyingKey: VerifyingKey;
  readonly algorithm: AlgorithmName;
}

/**
 * Gathers what is in the caches and in `known`, the earlier reads of this round; asks nobody. `jwt` is the one in `known` if
 * it was read. `now` in seconds since the epoch.
 */
export async function observe(observer: Observer, jwt: Jwt, known: Known, now: Seconds): Promise<Observed> {
  for (;;) {
    const observation = observeWithoutChecking(observer, jwt, known, now);
    if (observation.state === 'complete') return observation.observed;
    const { evidence, verifyingKey, algorithm } = observation;
    await checkSignature(evidence, verifyingKey, algorithm, observer.publicKeys);
  }
}

/** As `observe`, if no signature has to be checked; else which. */
export function observeWithoutChecking(
  observer: Observer,
  jwt: Jwt,
  known: Known,
  now: Seconds,
): ObservedOrPending {
  const key = known.key ?? observeKey(observer, jwt);
  const recordedKey = observer.publicKeys.parse(jwt.recorded.publicKey);
  const secret = observeSecret(observer, { jwt, key, recordedKey }, known.secret, now);
  if (secret.state === 'unchecked') return secret;
  const source = keySourceOf(jwt);
  const isForeign = secret.secret !== undefined && findOwnership(jwt, secret.secret) === 'foreign';
  const observed = {
    jwt,
    key,
    recordedKey,
    secret: secret.secret,
    isAbsenceConfirmed: known.secret === 'absent',
    isJwtConfirmed: known.jwt !== undefined,
    policyRefusal:
      jwt.spec.ok && observer.policy !== undefined
        ? findPolicyRefusal(jwt.spec.value, observer.policy)
        : undefined,
    isKeyInOwnSecret:
      source !== undefined && isKeyInOwnSecret(jwt, source, observer.legacyKeyNamespace ?? jwt.namespace),
    keyUser: isForeign ? observer.findKeyUser?.(jwt) : undefined,
  };
  return { state: 'complete', observed };
}

/** Reads what a plan asked for and adds it to what is known. Throws what the API server answers. */
export async function readMissing(
  observer: Observer,
  observed: Observed,
  what: 'key' | 'token' | 'jwt',
  known: Known,
): Promise<Known> {
  const { jwt, key } = observed;
  if (what === 'jwt') {
    const read = await observer.sources.readJwt(jwt.namespace, jwt.name);
    // The watch will report it; for the JWT that was observed nothing more is written.
    if (read?.uid !== jwt.uid) throw new Stale('the JWT is gone, or was created again');
    // A key belongs to a spec: a newer spec does not sign with the key that was read for the older one.
    const { key: ofOlderSpec, ...others } = known;
    const isSameSpec = read.generation === jwt.generation && ofOlderSpec !== undefined;
    return { ...others, jwt: read, ...(isSameSpec ? { key: ofOlderSpec } : {}) };
  }
  if (what === 'token') {
    const object = await observer.sources.readSecret(jwt.namespace, jwt.name);
    return { ...known, secret: object === undefined ? 'absent' : parseTokenSecret(object) };
  }
  if (key.state !== 'unread' || !jwt.spec.ok) return known;
  return { ...known, key: await readKey(observer, jwt, jwt.spec.value, key) };
}

/** The cached part of the Secret of a JWT's name, from wire JSON. `signedBy` and `jwt` as of `gatherEvidence`. */
export function parseTokenSecret(object: unknown, signedBy?: string, jwt?: Jwt): SecretWithEvidence {
  return {
    metadata: parseSecretMetadata(object),
    hasOtherData: hasOtherData(object),
    evidence: gatherEvidence(object, signedBy, jwt),
  };
}

function observeSecret(
  { sources, isCheckedSoon }: Observer,
  { jwt, key, recordedKey }: Pick<Observed, 'jwt' | 'key' | 'recordedKey'>,
  known: Known['secret'],
  now: Seconds,
): { readonly state: 'complete'; readonly secret: SecretObservation | undefined } | PendingSignature {
  if (known === 'absent') return { state: 'complete', secret: undefined };
  const secret = known ?? sources.tokenSecret(jwt.namespace, jwt.name);
  if (secret !== undefined && jwt.spec.ok) {
    const { metadata, evidence } = secret;
    const own = key.state === 'read' ? key.key : undefined;
    const verifyingKey = findVerifyingKey(jwt.recorded, recordedKey, own);
    const isTrusted =
      known === undefined &&
      isVouchedFor(jwt, key, evidence) &&
      isCheckedSoon?.(jwt.namespace, jwt.name) === true;
    const spec = jwt.spec.value;
    const asked = lastAsked(jwt);
    const token = judgeEvidence(evidence, { spec, asked, verifyingKey, now, isTrusted });
    if (token === undefined) {
      if (evidence === undefined || verifyingKey === undefined)
        throw new Error('a signature was to be checked without a token or a key');
      return { state: 'unchecked', evidence, verifyingKey, algorithm: spec.algorithm };
    }
    const cached = known === undefined ? undefined : sources.tokenSecret(jwt.namespace, jwt.name);
    if (cached?.metadata.resourceVersion === metadata.resourceVersion)
      shareOutcome(evidence, cached.evidence);
    return { state: 'complete', secret: { ...metadata, token, hasOtherData: secret.hasOtherData } };
  }
  const metadata = secret?.metadata ?? sources.secretMetadata(jwt.namespace, jwt.name);
  if (metadata === undefined) return { state: 'complete', secret: undefined };
  const unread = { token: { state: 'unread' }, hasOtherData: secret?.hasOtherData } as const;
  return { state: 'complete', secret: { ...metadata, ...unread } };
}
