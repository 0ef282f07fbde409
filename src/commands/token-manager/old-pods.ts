import { PODS } from '../../kube/known-resources.ts';
import type { ObjectName } from '../../resources/object-key.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { Access } from '../cluster/connect.ts';
import { tryList, type TriedList } from '../cluster/try-list.ts';

/** The chart of token-manager names it so, whatever the release. */
const OLD_ACCOUNT = 'token-manager-service-account';
const NOT_ENDED = ['status.phase!=Succeeded', 'status.phase!=Failed'];

/**
 * The pods of token-manager that may still sign. A Deployment does not count those that are ending, which takes 30 s and more,
 * and it may be deleted before they are gone: so they are found by their ServiceAccount.
 */
export async function findOldPods({
  client,
  namespace,
}: Pick<Access, 'client' | 'namespace'>): Promise<TriedList<ObjectName>> {
  const selector = [`spec.serviceAccountName=${OLD_ACCOUNT}`, ...NOT_ENDED].join(',');
  const { items, forbidden } = await tryList(client, PODS, { everywhere: true, namespace }, selector);
  return { items: items.map(readName), forbidden };
}

function readName(object: JsonObject): ObjectName {
  const metadata = objectMember(object, 'metadata');
  return { namespace: stringMember(metadata, 'namespace') ?? '', name: stringMember(metadata, 'name') ?? '' };
}
