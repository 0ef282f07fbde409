import type { ObjectName } from '../../resources/object-key.ts';
import { member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { DEPLOYMENTS } from '../cluster/admin-resources.ts';
import type { Access } from '../cluster/connect.ts';
import { tryList, type TriedList } from '../cluster/try-list.ts';

/** Helm's annotation on what belongs to a release. */
export const RELEASE = 'meta.helm.sh/release-name';
/** The chart of token-manager names it so, whatever the release. */
const OLD_NAME = 'token-manager';

/** A Deployment of token-manager. */
export interface OldDeployment extends ObjectName {
  /** The Helm release it belongs to. */
  readonly release: string | undefined;
  /** Wanted or still running: unless it is 0, token-manager may sign. */
  readonly replicas: number;
}

/** The Deployments of token-manager in the cluster, or in the one namespace if the caller is not allowed to list all. */
export async function findDeployments({
  client,
  namespace,
}: Pick<Access, 'client' | 'namespace'>): Promise<TriedList<OldDeployment>> {
  const place = { everywhere: true, namespace };
  const { items, forbidden } = await tryList(client, DEPLOYMENTS, place, `metadata.name=${OLD_NAME}`);
  return { items: items.map(readDeployment), forbidden };
}

function readDeployment(object: JsonObject): OldDeployment {
  const metadata = objectMember(object, 'metadata');
  const wanted = member(objectMember(object, 'spec'), 'replicas');
  const present = member(objectMember(object, 'status'), 'replicas');
  return {
    namespace: stringMember(metadata, 'namespace') ?? '',
    name: stringMember(metadata, 'name') ?? '',
    release: stringMember(objectMember(metadata, 'annotations'), RELEASE),
    replicas: Math.max(typeof wanted === 'number' ? wanted : 1, typeof present === 'number' ? present : 0),
  };
}
