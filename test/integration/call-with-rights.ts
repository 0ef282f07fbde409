import type { Cluster } from '../controlplane/cluster.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { callAs, type Caller } from './cli-run.ts';
import { isAllowed } from './granted-rights.ts';

/** A rule of RBAC. */
interface Rule {
  readonly apiGroups: readonly [string];
  readonly resources: readonly [string, ...string[]];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly [string, ...string[]];
}

/** Rights of a user in their namespace, and in the whole cluster. */
export interface Rights {
  readonly here?: readonly Rule[];
  readonly everywhere?: readonly Rule[];
}

const GROUP = 'rbac.authorization.k8s.io';
const WITHIN_MS = 60_000;

/** A rule for JWTs, for example with `get` and `patch`. */
export function onJwts(...verbs: Rule['verbs']): Rule {
  return { apiGroups: ['tokens.osg-htc.org'], resources: ['jwts'], verbs };
}

/**
 * Runs commands as a new ServiceAccount `NAMESPACE/NAME` that has only these rights. `printed` as for
 * `callAs`.
 */
export async function callWithRights(
  cluster: Cluster,
  account: string,
  { here = [], everywhere = [] }: Rights,
  printed: string[],
): Promise<Caller> {
  const [namespace = '', name = ''] = account.split('/');
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const inCluster = { name: `${namespace}-${name}` };
  const granted = (kind: string, metadata: object, rules: readonly Rule[]): readonly object[] => [
    { apiVersion: `${GROUP}/v1`, kind, metadata, rules },
    {
      apiVersion: `${GROUP}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: GROUP, kind, name: kind === 'Role' ? name : inCluster.name },
      subjects,
    },
  ];
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } },
    ...granted('Role', { namespace, name }, here),
    ...granted('ClusterRole', inCluster, everywhere),
  ];
  await cluster.apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  const user = `system:serviceaccount:${namespace}:${name}`;
  const asked = [
    ...here.map((rule) => ({ rule, place: { namespace } })),
    ...everywhere.map((rule) => ({ rule, place: {} })),
  ];
  for (const { rule, place } of asked) {
    const { apiGroups, resources, resourceNames, verbs } = rule;
    const what = { group: apiGroups[0], resource: resources[0], name: resourceNames?.[0], verb: verbs[0] };
    await waitUntil(`${name} to be allowed to ${what.verb} ${what.resource}`, WITHIN_MS, () =>
      isAllowed(cluster, user, { ...what, ...place }),
    );
  }
  return callAs(await cluster.serviceAccountKubeconfig(namespace, name), printed);
}
