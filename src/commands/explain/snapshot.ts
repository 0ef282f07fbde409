import { isForbidden } from '../../kube/errors.ts';
import { JWTS } from '../../kube/known-resources.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { KeyCache } from '../../loop/key-cache.ts';
import { PublicKeys } from '../../loop/public-keys.ts';
import { observeAndPlan } from '../../loop/observe-and-plan.ts';
import { parseTokenSecret, type Sources } from '../../loop/observe.ts';
import { findCondition } from '../../reconcile/conditions.ts';
import type { KeyUser } from '../../reconcile/describe-conflict.ts';
import { locateKey, locateKeyOfAny, type KeyReference } from '../../reconcile/key-access.ts';
import type { KeyObservation, Observed } from '../../reconcile/observed.ts';
import { findOwnership } from '../../reconcile/ownership.ts';
import type { Plan } from '../../reconcile/plan.ts';
import type { JsonObject } from '../../resources/json.ts';
import { parseJwt, type Jwt } from '../../resources/jwt.ts';
import { MANAGED_LABEL } from '../../resources/names.ts';
import { STATE_REASONS } from '../../resources/reasons.ts';
import type { SigningPolicy } from '../../resources/signing-policy.ts';
import { readSecretToken } from '../../resources/secret.ts';
import { isTooDeep, readToken, type ReadToken } from '../../signing/token.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import { readSecret, readSecretMetadata, type SecretSnapshot } from '../cluster/read-secret.ts';
import { withJudgedKey } from './judged-key.ts';
import type { Seconds } from '../../time/units.ts';

/** The state of a JWT as the loop would see it, and its next action, as far as the caller is allowed to know. */
export interface Snapshot {
  readonly jwt: Jwt;
  /** The Secret that the key is in; `undefined` for a key in the JWT itself. */
  readonly keyReference: KeyReference | undefined;
  /** `undefined` when the caller is not allowed to read the Secret of the JWT's name: then nothing can be predicted. */
  readonly seen: { readonly observed: Observed; readonly plan: Plan } | undefined;
  /** Header and claims of the token in the JWT's own Secret, not its text. `undefined` for what cannot be shown, too. */
  readonly read: ReadToken | undefined;
  /** The objects that the caller is not allowed to read, each in words to follow "you are not allowed to". */
  readonly forbidden: readonly string[];
}

/** Flags of the service that its plan depends on; `policy` is taken from the JWT's condition where it is not known. */
interface ServiceSettings {
  readonly legacyKeyNamespace: string | undefined;
  readonly policy: SigningPolicy | undefined;
}

/**
 * Observes and plans by the loop's own functions, with the caller's rights. The private key is never read: where the
 * loop would do so, the plan stays at that. Throws what the API server refuses otherwise.
 * @param now in seconds since the epoch.
 */
export async function takeSnapshot(
  client: Pick<Access['client'], 'get' | 'listMapped'>,
  jwt: Jwt,
  { legacyKeyNamespace, policy }: ServiceSettings,
  now: Seconds,
): Promise<Snapshot> {
  const keyReference = jwt.spec.ok ? locateKey(jwt, jwt.spec.value.key, legacyKeyNamespace) : undefined;
  const [own, key] = await Promise.all([
    readSecretMetadata(client, jwt.namespace, jwt.name),
    keyReference === undefined
      ? undefined
      : readSecretMetadata(client, keyReference.namespace, keyReference.name),
  ]);
  const forbidden = [own, key].flatMap((secret) =>
    secret?.state === 'forbidden' ? [describeRequest(secret.error)] : [],
  );
  const common = { jwt, keyReference, forbidden: [...new Set(forbidden)] };
  if (own.state === 'forbidden') return { ...common, seen: undefined, read: undefined };

  const { sources, newest } = await openSources(client, jwt, { own, key, keyReference });
  const isForeign = own.state === 'found' && findOwnership(jwt, own.metadata) === 'foreign';
  const keyUser = isForeign ? await lookForKeyUser(client, jwt, legacyKeyNamespace) : undefined;
  const observer = {
    sources,
    findKeyUser: () => keyUser,
    legacyKeyNamespace,
    keyCache: new KeyCache(1),
    publicKeys: new PublicKeys(1),
    ...(policy === undefined ? {} : { policy }),
  };
  const seen = await observeAndPlan(observer, jwt, {
    now,
    known: key?.state === 'forbidden' ? { jwt, key: assumeKey(jwt) } : { jwt },
    mayRead: ({ what }) => what === 'token',
    adjust: (observed) =>
      withJudgedKey(policy === undefined ? assumePolicy(observed) : observed, keyReference),
  });
  const read = readToken(readSecretToken(newest()) ?? '');
  return { ...common, seen, read: read === undefined || isTooDeep(read) ? undefined : read };
}

/** The Secrets that a JWT depends on, as far as the caller could read them. */
interface SecretsFound {
  readonly own: SecretSnapshot;
  readonly key: SecretSnapshot | undefined;
  readonly keyReference: KeyReference | undefined;
}

/** The sources of the loop, of what was found. `newest`: the JWT's own Secret as it was read last, if it was. */
async function openSources(
  client: Pick<Access['client'], 'get'>,
  jwt: Jwt,
  { own, key, keyReference }: SecretsFound,
): Promise<{ readonly sources: Sources; readonly newest: () => JsonObject | undefined }> {
  let newest: JsonObject | undefined;
  const readOwn = async (): Promise<JsonObject | undefined> => {
    newest = await readSecret(client, jwt.namespace, jwt.name);
    return newest;
  };
  const object = isManaged(jwt, own) ? await readOwn() : undefined;
  const managed = object === undefined ? undefined : parseTokenSecret(object);
  const metadataOf = (namespace: string, name: string): SecretSnapshot | undefined => {
    if (namespace === jwt.namespace && name === jwt.name) return own;
    return namespace === keyReference?.namespace && name === keyReference.name ? key : undefined;
  };
  const sources: Sources = {
    isListed: () => true,
    jwt: () => jwt,
    tokenSecret: (namespace, name) => (metadataOf(namespace, name) === own ? managed : undefined),
    secretMetadata: (namespace, name) => {
      const secret = metadataOf(namespace, name);
      return secret?.state === 'found' ? secret.metadata : undefined;
    },
    readSecret: readOwn,
    readJwt: async () => jwt,
  };
  return { sources, newest: () => newest };
}

/** Another JWT of the namespace whose key is in the Secret of that JWT's name; there may be one if they cannot be listed. */
async function lookForKeyUser(
  client: Pick<Access['client'], 'listMapped'>,
  { namespace, name }: Jwt,
  legacyKeyNamespace: string | undefined,
): Promise<KeyUser | undefined> {
  const isUser = (other: Jwt): boolean => {
    const reference = locateKeyOfAny(other, legacyKeyNamespace);
    return other.name !== name && reference?.name === name && reference.namespace === namespace;
  };
  const map = (object: JsonObject): string | undefined => {
    const other = parseJwt(object);
    return other.ok && isUser(other.value) ? other.value.name : undefined;
  };
  try {
    const { items } = await client.listMapped(resourcePath(JWTS, { namespace }), { map });
    const user = items.find((found) => found !== undefined);
    return user === undefined ? undefined : { jwt: `JWT ${user}` };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return { jwt: undefined };
  }
}

/** The loop's cache holds the data of Secrets with our label; the Secret of another owner is not read, even with our label. */
function isManaged(jwt: Jwt, own: SecretSnapshot): boolean {
  if (own.state !== 'found' || own.metadata.labels[MANAGED_LABEL] !== 'true') return false;
  return findOwnership(jwt, own.metadata) === 'ours';
}

/** Takes the verdict on the current spec from the status: the policy itself is not for users to read. */
function assumePolicy(observed: Observed): Observed {
  const { recorded, generation } = observed.jwt;
  const condition = findCondition(recorded, 'PolicyDenied');
  const isOfSpec = condition?.status === 'True' && condition.observedGeneration === generation;
  const policyRefusal = isOfSpec
    ? ({ reason: 'PolicyDenied', message: condition.message } as const)
    : undefined;
  return { ...observed, policyRefusal };
}

/** Takes the state of a key from the status, if the caller is not allowed to read its Secret. */
function assumeKey(jwt: Jwt): KeyObservation {
  const condition = findCondition(jwt.recorded, 'KeyAvailable');
  const reason = STATE_REASONS.find((word) => word === condition?.reason);
  if (condition?.status !== 'False' || reason === undefined) {
    return { state: 'unread', version: jwt.recorded.keyVersion ?? 'not known' };
  }
  return { state: 'unavailable', problem: { reason, message: condition.message } };
}
