import { isTransient } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { generateKey, type NewKeyAlgorithm } from '../../signing/generate-key.ts';
import type { Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { createKeySecret } from '../cluster/create-key-secret.ts';
import { jwkFor, keySecret, keySecretName } from '../issuer/key-halves.ts';
import { rotationAnnotation, type Rotation } from '../issuer/rotation.ts';
import { JWTS } from '../../kube/known-resources.ts';
import { newKeyPatch } from './new-key-spec.ts';
import { findOldSecret } from './old-secret.ts';

/** Another field manager than that of the service, which is for the writes of the service. */
const ROTATE_FIELD_MANAGER = 'jwt-injector-rotate';

/** The JWT that a step changes, as it was read. The step fails with 409 when somebody changed it since. */
interface RotationTarget {
  readonly client: Access['client'];
  readonly jwt: Jwt;
}

interface NewKeyPlan {
  readonly algorithm: NewKeyAlgorithm;
  readonly wait: Seconds;
  /** The value of the service's flag. */
  readonly legacyKeyNamespace: string | undefined;
}

/**
 * Makes the new key. The annotation comes first: without the Secret it means nothing, and the next run makes another key,
 * while a Secret that nothing names would be left behind. It is removed if the Secret is refused, since `jwks` would publish
 * the key in it, which nobody has.
 */
export async function makeNewKey(target: RotationTarget, plan: NewKeyPlan): Promise<void> {
  const made = await generateKey(plan.algorithm);
  const publicKey = jwkFor(made);
  const { client, jwt } = target;
  const { namespace, name } = jwt;
  const secret = `${keySecretName(name)}-${shortName(publicKey.kid)}`;
  const old = await findOldSecret(target, plan.legacyKeyNamespace);
  const changed = await record(target, {
    secret,
    publicKey: { ...publicKey, alg: plan.algorithm },
    previousKeyId: jwt.recorded.keyId ?? '',
    previousThumbprint: jwt.recorded.keyThumbprint,
    previousSecret: old?.name,
    previousDataKey: old?.dataKey,
    wait: plan.wait,
    publishedAt: undefined,
    switchedAt: undefined,
  });
  try {
    const object = keySecret({ namespace, name: secret }, made.pem);
    const created = await createKeySecret(client, object, ROTATE_FIELD_MANAGER);
    if (!created.ok) throw new Error(`${created.problem}, although its name is that of a new key`);
  } catch (error) {
    // Without an answer the Secret may be there: the next look shows it.
    if (!isTransient(error)) await record(changed, undefined);
    throw error;
  }
}

/** The part of a thumbprint in base64url that a name may hold: eight hexadecimal digits. */
function shortName(thumbprint: string): string {
  return Buffer.from(thumbprint, 'base64url').toString('hex').slice(0, 8);
}

/** Records how long the new key is to be published before it signs. */
export async function noteWait(target: RotationTarget, rotation: Rotation, wait: Seconds): Promise<void> {
  await record(target, { ...rotation, wait });
}

/** Records that the new key was seen at every URL. */
export async function notePublished(target: RotationTarget, rotation: Rotation, now: Seconds): Promise<void> {
  await record(target, { ...rotation, publishedAt: now });
}

/** The new key has to be published again, and to wait again. */
export async function forgetPublished(target: RotationTarget, rotation: Rotation): Promise<void> {
  await record(target, { ...rotation, publishedAt: undefined });
}

/**
 * Changes `keyId` and `key` in one patch. What is replaced is the key that signs now: somebody may have changed it since, and
 * an earlier version did not record its data key.
 */
export async function switchKey(
  target: RotationTarget,
  rotation: Rotation,
  { now, legacyKeyNamespace }: { readonly now: Seconds; readonly legacyKeyNamespace: string | undefined },
): Promise<void> {
  const { namespace, recorded } = target.jwt;
  const { keyId: signing = rotation.previousKeyId, keyThumbprint: previousThumbprint } = recorded;
  const isAnother = signing !== rotation.previousKeyId && signing !== rotation.publicKey.kid;
  const isHalfKnown = rotation.previousSecret !== undefined && rotation.previousDataKey === undefined;
  const old = isAnother || isHalfKnown ? await findOldSecret(target, legacyKeyNamespace) : undefined;
  const place = { previousSecret: old?.name, previousDataKey: old?.dataKey };
  const isFound = old?.name === rotation.previousSecret && signing === rotation.previousKeyId;
  const replaced = isAnother
    ? { previousKeyId: signing, previousThumbprint, ...place }
    : isHalfKnown && isFound
      ? place
      : {};
  const spec = newKeyPatch(rotation, namespace);
  await record(target, { ...rotation, ...replaced, switchedAt: now }, { spec });
}

/** The rotation is over. */
export async function finishRotation(target: RotationTarget): Promise<void> {
  await record(target, undefined);
}

/** Gives the JWT as it is after that. */
async function record(
  { client, jwt }: RotationTarget,
  rotation: Rotation | undefined,
  more: JsonObject = {},
): Promise<RotationTarget> {
  const { namespace, name, resourceVersion } = jwt;
  const metadata = { resourceVersion, annotations: rotationAnnotation(rotation) };
  const changed = await client.mergePatch(
    resourcePath(JWTS, { namespace, name }),
    { metadata, ...more },
    { query: { fieldManager: ROTATE_FIELD_MANAGER } },
  );
  const version = stringMember(objectMember(changed, 'metadata'), 'resourceVersion') ?? '';
  return { client, jwt: { ...jwt, resourceVersion: version } };
}
