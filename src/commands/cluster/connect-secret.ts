import { METADATA_ONLY } from '../../kube/client.ts';
import { isDenied, isNotFound, KubeError } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { SECRETS } from '../../kube/token-store.ts';
import { parseSecretMetadata, type SecretMetadata } from '../../resources/secret.ts';
import type { Access } from './connect.ts';

/** A Secret by its metadata: nothing of what is in it was sent. `forbidden`: the caller may not know. */
export type SecretLook =
  | { readonly state: 'found'; readonly metadata: SecretMetadata }
  | { readonly state: 'absent' }
  | { readonly state: 'forbidden'; readonly error: KubeError };

/** Asks for a Secret's metadata alone. Throws other refusals than that of the right, or that there is none. */
export async function lookAtSecret(
  client: Pick<Access['client'], 'get'>,
  namespace: string,
  name: string,
): Promise<SecretLook> {
  try {
    const path = resourcePath(SECRETS, { namespace, name });
    return {
      state: 'found',
      metadata: parseSecretMetadata(await client.get(path, { accept: METADATA_ONLY })),
    };
  } catch (error) {
    if (isNotFound(error)) return { state: 'absent' };
    if (isDenied(error) && error instanceof KubeError) return { state: 'forbidden', error };
    throw error;
  }
}
