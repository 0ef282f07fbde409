import { resourcePath } from '../../kube/resource-path.ts';
import type { Jwt } from '../../resources/jwt.ts';
import type { JsonObject } from '../../resources/json.ts';
import { generateKey, type NewKeyAlgorithm } from '../../signing/generate-key.ts';
import type { Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { createKeySecret } from '../cluster/create-key-secret.ts';
import { jwkFor, keySecret, keySecretName } from '../issuer/key-halves.ts';
import { rotationAnnotation, type Rotation } from '../issuer/rotation.ts';
import { JWTS } from '../../kube/known-resources.ts';
import { newKeySpec } from './new-key-spec.ts';
import { findOldSecret } from './old-secret.ts';

/** Not that of the service, which is for what the service writes. */
const FIELD_MANAGER = 'jwt-injector-rotate';

/** The JWT that a step changes, as it was read. The step fails with 409 when somebody changed it since. */
export interface RotationTarget {
  readonly client: Access['client'];
  readonly jwt: Jwt;
}

/**
 * Makes the new key. The annotation comes first: without the Secret it means nothing, and the next run makes another key,
 * while a Secret that nothing names would be left behind.
 */
export async function makeNewKey(
  target: RotationTarget,
  algorithm: NewKeyAlgorithm,
  legacyKeyNamespace: string | undefined,
): Promise<void> {
  const made = await generateKey(algorithm);
  const publicKey = jwkFor(made);
  const { client, jwt } = target;
  const { namespace, name } = jwt;
  const secret = `${keySecretName(name)}-${shortName(publicKey.kid)}`;
  const rotation: Rotation = {
    secret,
    publicKey: { ...publicKey, alg: algorithm },
    previousKeyId: jwt.recorded.keyId ?? '',
    previousSecret: await findOldSecret(target, legacyKeyNamespace),
    publishedAt: undefined,
    switchedAt: undefined,
  };
  await record(target, rotation);
  const created = await createKeySecret(
    client,
    keySecret({ namespace, name: secret }, made.pem),
    FIELD_MANAGER,
  );
  if (!created.ok) throw new Error(`${created.problem}, although its name is that of a new key`);
}

/** Of a thumbprint in base64url, what a name may hold: eight hexadecimal digits. */
function shortName(thumbprint: string): string {
  return Buffer.from(thumbprint, 'base64url').toString('hex').slice(0, 8);
}

/** Records that the new key was seen at every URL. */
export function notePublished(target: RotationTarget, rotation: Rotation, now: Seconds): Promise<void> {
  return record(target, { ...rotation, publishedAt: now });
}

/** The new key has to be published again, and to wait again. */
export function forgetPublished(target: RotationTarget, rotation: Rotation): Promise<void> {
  return record(target, { ...rotation, publishedAt: undefined });
}

/** Changes `keyId` and `key` in one patch. */
export function switchKey(target: RotationTarget, rotation: Rotation, now: Seconds): Promise<void> {
  const spec = newKeySpec(rotation, target.jwt.namespace);
  return record(target, { ...rotation, switchedAt: now }, { spec });
}

/** The rotation is over. */
export function finishRotation(target: RotationTarget): Promise<void> {
  return record(target, undefined);
}

async function record(
  { client, jwt: { namespace, name, resourceVersion } }: RotationTarget,
  rotation: Rotation | undefined,
  more: JsonObject = {},
): Promise<void> {
  const metadata = { resourceVersion, annotations: rotationAnnotation(rotation) };
  await client.mergePatch(
    resourcePath(JWTS, { namespace, name }),
    { metadata, ...more },
    { query: { fieldManager: FIELD_MANAGER } },
  );
}
