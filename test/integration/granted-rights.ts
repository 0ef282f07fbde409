import type { Cluster } from '../controlplane/cluster.ts';

interface Rule {
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Binding {
  readonly metadata: { readonly namespace?: string };
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

/** Everything that RBAC gives to a ServiceAccount of namespace jwt-injector, as `verb resource`, or `verb resource name`. */
export async function grantsOf(
  cluster: Pick<Cluster, 'kubectl'>,
  account: string,
): Promise<ReadonlySet<string>> {
  const read = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await cluster.kubectl(['get', ...args, '-o', 'json'])).stdout);
  const { items } = (await read('rolebindings,clusterrolebindings', '-A')) as { items: readonly Binding[] };
  const own = items.filter(({ subjects = [] }) =>
    subjects.some(({ name, namespace }) => name === account && namespace === 'jwt-injector'),
  );
  const grants = new Set<string>();
  for (const { metadata, roleRef } of own) {
    const place = roleRef.kind === 'Role' ? ['-n', metadata.namespace ?? ''] : [];
    const { rules } = (await read(roleRef.kind, roleRef.name, ...place)) as { rules: readonly Rule[] };
    for (const { resources = [], resourceNames = [''], verbs } of rules)
      for (const resource of resources)
        for (const name of resourceNames)
          for (const verb of verbs) grants.add(`${verb} ${resource} ${name}`.trimEnd());
  }
  return grants;
}
