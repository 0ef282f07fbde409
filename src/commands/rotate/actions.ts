import { resourcePath } from '../../kube/resource-path.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { generateKey, type NewKeyAlgorithm } from '../../signing/generate-key.ts';
import type { Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { createKeySecret } from '../cluster/create-key-secret.ts';
import { jwkFor, KEY_FILE, keySecret, keySecretName } from '../keygen/manifests.ts';
import { rotationAnnotation, type Rotation } from './rotation.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** Not that of the service, which is for what the service writes. */
const FIELD_MANAGER = 'jwt-injector-rotate';

type Client = Access['client'];

/**
 * Makes the new key. The annotation comes first: without the Secret it means nothing, and the next run makes another key,
 * while a Secret that nothing names would be left behind.
 */
export async function makeNewKey(
  client: Client,
  jwt: Jwt,
  object: JsonObject,
  algorithm: NewKeyAlgorithm,
): Promise<void> {
  const made = await generateKey(algorithm);
  const publicKey = jwkFor(made);
  const { namespace, name } = jwt;
  const secret = `${keySecretName(name)}-${shortName(publicKey.kid)}`;
  const source = jwt.spec.ok ? jwt.spec.value.key : undefined;
  const isHere = source?.from === 'secret' && (source.namespace ?? namespace) === namespace;
  const rotation: Rotation = {
    secret,
    publicKey: { ...publicKey, alg: algorithm },
    previousKeyId: jwt.recorded.keyId ?? '',
    previousSecret: isHere ? source.name : undefined,
    publishedAt: undefined,
    switchedAt: undefined,
  };
  await record(client, jwt, object, rotation);
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
export function notePublished(
  client: Client,
  jwt: Jwt,
  object: JsonObject,
  rotation: Rotation,
  now: Seconds,
): Promise<void> {
  return record(client, jwt, object, { ...rotation, publishedAt: now });
}

/** The new key has to be published again, and to wait again. */
export function forgetPublished(
  client: Client,
  jwt: Jwt,
  object: JsonObject,
  rotation: Rotation,
): Promise<void> {
  return record(client, jwt, object, { ...rotation, publishedAt: undefined });
}

/** Changes `keyId` and `key` in one patch, so that no token is signed with one of each. */
export function switchKey(
  client: Client,
  jwt: Jwt,
  object: JsonObject,
  rotation: Rotation,
  now: Seconds,
): Promise<void> {
  const { secret, publicKey } = rotation;
  const spec = {
    keyId: publicKey.kid,
    algorithm: publicKey.alg,
    key: { value: null, configMap: null, secret: { name: secret, key: KEY_FILE, namespace: null } },
  };
  return record(client, jwt, object, { ...rotation, switchedAt: now }, { spec });
}

/** The rotation is over. */
export function finishRotation(client: Client, jwt: Jwt, object: JsonObject): Promise<void> {
  return record(client, jwt, object, undefined);
}

/** Fails with 409 when somebody changed the JWT since it was read. */
async function record(
  client: Client,
  { namespace, name }: Jwt,
  object: JsonObject,
  rotation: Rotation | undefined,
  more: JsonObject = {},
): Promise<void> {
  const resourceVersion = stringMember(objectMember(object, 'metadata'), 'resourceVersion');
  const metadata = { resourceVersion, annotations: rotationAnnotation(rotation) };
  await client.mergePatch(
    resourcePath(JWTS, { namespace, name }),
    { metadata, ...more },
    { query: { fieldManager: FIELD_MANAGER } },
  );
}
