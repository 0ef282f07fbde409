import { METADATA_ONLY } from '../../kube/client.ts';
import { isForbidden, type KubeError } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import type { JsonObject } from '../../resources/json.ts';
import { parseWholeMetadata, type SecretMetadata } from '../../resources/secret.ts';
import type { Access } from './connect.ts';
import { SECRETS } from '../../kube/known-resources.ts';

/** The metadata of a Secret, without its data. `forbidden`: the caller is not allowed to read it. */
export type SecretSnapshot =
  | { readonly state: 'found'; readonly metadata: SecretMetadata }
  | { readonly state: 'absent' }
  | { readonly state: 'forbidden'; readonly error: KubeError };

/** Asks for the metadata of a Secret only. Throws every error but a missing Secret or a missing right. */
export async function readSecretMetadata(
  client: Pick<Access['client'], 'get'>,
  namespace: string,
  name: string,
): Promise<SecretSnapshot> {
  try {
    const path = resourcePath(SECRETS, { namespace, name });
    const object = await findObject(client, path, { accept: METADATA_ONLY });
    return object === undefined
      ? { state: 'absent' }
      : { state: 'found', metadata: parseWholeMetadata(object) };
  } catch (error) {
    if (isForbidden(error)) return { state: 'forbidden', error };
    throw error;
  }
}

/** The wire JSON of a Secret, with its data; `undefined` if it does not exist. Throws every other refusal of the API server. */
export async function readSecret(
  client: Pick<Access['client'], 'get'>,
  namespace: string,
  name: string,
): Promise<JsonObject | undefined> {
  return findObject(client, resourcePath(SECRETS, { namespace, name }));
}
