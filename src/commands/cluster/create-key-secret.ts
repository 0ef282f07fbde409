import { isConflict } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Access } from './connect.ts';
import { SECRETS } from '../../kube/known-resources.ts';

/** Creates the Secret of a private key, as wire JSON with its namespace. One that exists is a problem, and stays as it is. */
export async function createKeySecret(
  client: Pick<Access['client'], 'create'>,
  secret: JsonObject,
  fieldManager: string,
): Promise<Result<undefined, string>> {
  const metadata = objectMember(secret, 'metadata');
  const [namespace, name] = [stringMember(metadata, 'namespace') ?? '', stringMember(metadata, 'name') ?? ''];
  try {
    await client.create(resourcePath(SECRETS, { namespace }), secret, { query: { fieldManager } });
    return ok(undefined);
  } catch (error) {
    if (!isConflict(error)) throw error;
    return fail(`Secret ${namespace}/${name} exists and is not overwritten`);
  }
}
