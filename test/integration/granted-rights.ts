import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { waitUntil } from '../controlplane/wait-until.ts';

/** The shipped namespace of the ServiceAccounts. */
const NAMESPACE = 'jwt-injector';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const WITHIN_MS = 60_000;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role or ClusterRole of a ServiceAccount, by its path at the API server. */
interface Granted {
  readonly path: string;
  /** Namespace of the Role; for a ClusterRole, that of the service, where reviews check it. */
  readonly namespace: string;
  readonly rules: readonly Rule[];
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

/**
 * All rights that RBAC gives to a ServiceAccount of namespace jwt-injector, as `verb resource`, or `verb
 * resource name`.
 */
export async function grantsOf(cluster: Access, account: string): Promise<ReadonlySet<string>> {
  const roles = await rolesOf(cluster, account);
  const all = roles.flatMap(({ rules }) => rules.flatMap((rule) => rightsOf(rule)));
  return new Set(all.map(({ right }) => right));
}

/**
 * Removes one right, in the form of `grantsOf`, from the role that gives it to the ServiceAccount, and waits
 * until this is in effect. The returned function restores the right, and waits as well.
 */
export async function takeAway(
  cluster: Access,
  account: string,
  right: string,
): Promise<() => Promise<void>> {
  for (const { path, namespace, rules } of await rolesOf(cluster, account)) {
    const asked = rules.flatMap((rule) => rightsOf(rule)).find((one) => one.right === right)?.asked;
    if (asked === undefined) continue;
    const patch = async (to: readonly Rule[]): Promise<unknown> => ask(cluster, 'PATCH', path, { rules: to });
    const untilAllowed = (allowed: boolean): Promise<unknown> =>
      waitUntil(`${right} to be ${allowed ? 'allowed' : 'refused'}`, WITHIN_MS, async () => {
        const user = `system:serviceaccount:${NAMESPACE}:${account}`;
        return (await isAllowed(cluster, user, { namespace, ...asked })) === allowed;
      });
    await patch(rules.flatMap((rule) => lessOne(rule, right)));
    await untilAllowed(false);
    return async () => {
      await patch(rules);
      await untilAllowed(true);
    };
  }
  throw new Error(`no role of ${account} grants ${right}`);
}

/** Whether a user has a right. `attributes` are those of a SubjectAccessReview. */
export async function isAllowed(
  cluster: Access,
  user: string,
  attributes: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const review = await ask(cluster, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes: attributes },
  });
  return (review as { status: { allowed: boolean } }).status.allowed;
}

type Access = Pick<Cluster, 'access'>;

async function rolesOf(cluster: Access, account: string): Promise<readonly Granted[]> {
  const list = async (resource: string): Promise<readonly Binding[]> =>
    ((await ask(cluster, 'GET', `${RBAC}/${resource}`)) as { items: readonly Binding[] }).items;
  const bindings = [...(await list('rolebindings')), ...(await list('clusterrolebindings'))];
  const own = bindings.filter(({ subjects = [] }) =>
    subjects.some(({ name, namespace }) => name === account && namespace === NAMESPACE),
  );
  return Promise.all(
    own.map(async ({ metadata, roleRef: { kind, name } }) => {
      const namespace = metadata.namespace ?? NAMESPACE;
      const path =
        kind === 'Role' ? `${RBAC}/namespaces/${namespace}/roles/${name}` : `${RBAC}/clusterroles/${name}`;
      const { rules } = (await ask(cluster, 'GET', path)) as { rules: readonly Rule[] };
      return { path, namespace, rules };
    }),
  );
}

/** Each right that the rule gives, and the attributes of a SubjectAccessReview for it. */
function rightsOf({ apiGroups, resources, resourceNames = [], verbs }: Rule) {
  const names = resourceNames.length === 0 ? [''] : resourceNames;
  return apiGroups.flatMap((group) =>
    resources.flatMap((whole) => {
      const [resource = '', subresource] = whole.split('/');
      return names.flatMap((name) =>
        verbs.map((verb) => ({
          right: `${verb} ${whole} ${name}`.trimEnd(),
          asked: { group, resource, subresource, name, verb },
        })),
      );
    }),
  );
}

/** Splits the rule into several that give all of its rights except for one. */
function lessOne(rule: Rule, right: string): readonly Rule[] {
  const given = rightsOf(rule);
  if (!given.some((one) => one.right === right)) return [rule];
  return given
    .filter((one) => one.right !== right)
    .map(({ asked: { group, resource, subresource, name, verb } }) => ({
      apiGroups: [group],
      resources: [subresource === undefined ? resource : `${resource}/${subresource}`],
      resourceNames: name === '' ? [] : [name],
      verbs: [verb],
    }));
}

async function ask({ access }: Access, method: string, path: string, body?: object): Promise<unknown> {
  const { status, body: text } = await askApi(access, method, path, body, { timeoutMs: WITHIN_MS });
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return JSON.parse(text);
}
