import { keyVersionOf } from '../../reconcile/key-access.ts';
import type { Jwt } from '../../resources/jwt.ts';
import type { Access } from '../cluster/connect.ts';
import { readSecretMetadata } from '../cluster/read-secret.ts';

/** The place of a key in the namespace of its JWT. */
interface OldSecret {
  readonly name: string;
  readonly dataKey: string;
}

/**
 * The place of the key that is going to be replaced, if it is in the namespace of the JWT for certain: at the end a
 * command is printed that removes it. A spec without a namespace may mean another one (`--legacy-key-namespace`), so then
 * the Secret has to be the very object that the status says the key is from.
 */
export async function findOldSecret(
  { client, jwt }: { readonly client: Pick<Access['client'], 'get'>; readonly jwt: Jwt },
  legacyKeyNamespace: string | undefined,
): Promise<OldSecret | undefined> {
  const source = jwt.spec.ok ? jwt.spec.value.key : undefined;
  if (source?.from !== 'secret') return undefined;
  const { name, key: dataKey, namespace = legacyKeyNamespace } = source;
  const found = { name, dataKey };
  if (namespace !== undefined) return namespace === jwt.namespace ? found : undefined;
  const secret = await readSecretMetadata(client, jwt.namespace, name);
  if (secret.state !== 'found') return undefined;
  return jwt.recorded.keyVersion === keyVersionOf(secret.metadata, dataKey) ? found : undefined;
}
