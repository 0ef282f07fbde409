import { askApi } from './api-request.ts';
import type { Cluster } from './cluster.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import type { InstalledObjects } from './installed-objects.ts';
import { waitUntil } from './wait-until.ts';

const ANSWERED_WITHIN_MS = 30_000;

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const JWTS = '/apis/tokens.osg-htc.org/v1';
const NAMESPACES = '/api/v1/namespaces';

/** Cluster-wide kinds of which tests create objects. All installed objects are called jwt-injector. */
const CLUSTER_WIDE = [
  `${ADMISSION}/mutatingwebhookconfigurations`,
  `${ADMISSION}/validatingwebhookconfigurations`,
  `${ADMISSION}/validatingadmissionpolicies`,
  `${ADMISSION}/validatingadmissionpolicybindings`,
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/api/v1/nodes',
];

/**
 * Kinds that a service, webhook or controller watches across namespaces. Kinds that create others come first.
 */
const IN_NAMESPACES = [
  ['/apis/batch/v1', 'cronjobs'],
  ['/apis/batch/v1', 'jobs'],
  ['/apis/apps/v1', 'deployments'],
  ['/apis/apps/v1', 'statefulsets'],
  ['/apis/apps/v1', 'daemonsets'],
  ['/apis/apps/v1', 'replicasets'],
  ['/api/v1', 'pods'],
  ['/api/v1', 'secrets'],
] as const;

/** Namespaces that every cluster has. */
const KUBERNETES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Names of the installed objects. */
const PRODUCT = ['jwt-injector', 'jwts.tokens.osg-htc.org'];

/** A label of every namespace, with its own name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** If something was left, the namespace controller tries again only after 5 s or more. */
const GONE_WITHIN_MS = 60_000;

/**
 * Removes what one user of a cluster left behind: the service would sign tokens for the JWTs that are left,
 * and webhooks would see the pods of the next user. Installed objects are restored. Namespaces stay, without
 * labels and without objects that others would see: their names are not used twice, and to delete one takes
 * eighty requests.
 */
export async function tidyUp(cluster: Cluster, installed: InstalledObjects): Promise<void> {
  const { ask, list } = openRequests(cluster);
  const isUntouched = (path: string, { metadata }: Named): boolean =>
    installed.isUntouched(path, metadata.resourceVersion);

  await removeClusterWide(cluster, [...KUBERNETES, ...PRODUCT]);
  await removeJwts(cluster);
  for (const [group, plural] of IN_NAMESPACES) {
    const left = (await list(`${group}/${plural}`)).filter(
      (object) =>
        !isUntouched(
          `${group}/namespaces/${object.metadata.namespace}/${plural}/${object.metadata.name}`,
          object,
        ),
    );
    for (const namespace of new Set(left.map(({ metadata }) => metadata.namespace)))
      await ask('DELETE', `${group}/namespaces/${namespace}/${plural}?gracePeriodSeconds=0`);
  }
  for (const { metadata } of await list(NAMESPACES)) {
    const labels = Object.keys(metadata.labels ?? {}).filter((label) => label !== NAME_LABEL);
    if (labels.length === 0 || [...KUBERNETES, ...PRODUCT].includes(metadata.name)) continue;
    const none = Object.fromEntries(labels.map((label) => [label, null]));
    await ask('PATCH', `${NAMESPACES}/${metadata.name}`, { metadata: { labels: none } });
  }
  // Some tests give our ServiceAccount other rights.
  await removeBindings(cluster, isUntouched);
  await ask('DELETE', '/apis/coordination.k8s.io/v1/namespaces/jwt-injector/leases/jwt-injector');
  await installed.restore();
}

/**
 * Removes everything that was installed in an empty cluster, with all objects that depend on it, and waits
 * until it is gone.
 */
export async function emptyCluster(cluster: Cluster): Promise<void> {
  const { ask, list, listOthers } = openRequests(cluster);
  await removeClusterWide(cluster, KUBERNETES);
  await removeJwts(cluster);
  for (const { metadata } of await listOthers(NAMESPACES, KUBERNETES))
    await ask('DELETE', `${NAMESPACES}/${metadata.name}`);
  await removeBindings(cluster, () => false);
  for (const { metadata } of await list(`${RBAC}/clusterroles`))
    if (metadata.name.startsWith('jwt-injector'))
      await ask('DELETE', `${RBAC}/clusterroles/${metadata.name}`);
  await waitUntil('everything to be gone', GONE_WITHIN_MS, async () => {
    const left = await Promise.all([...CLUSTER_WIDE, NAMESPACES].map((path) => listOthers(path, KUBERNETES)));
    return left.flat().length === 0;
  });
}

async function removeClusterWide(cluster: Cluster, kept: readonly string[]): Promise<void> {
  const { ask, listOthers } = openRequests(cluster);
  await Promise.all(
    CLUSTER_WIDE.map(async (path) => {
      for (const { metadata } of await listOthers(path, kept))
        await ask('DELETE', `${path}/${metadata.name}`);
    }),
  );
}

async function removeJwts(cluster: Cluster): Promise<void> {
  const { ask, list } = openRequests(cluster);
  for (const { metadata } of await list(`${JWTS}/jwts`)) {
    const path = `${JWTS}/namespaces/${metadata.namespace}/jwts/${metadata.name}`;
    if (metadata.finalizers !== undefined) await ask('PATCH', path, { metadata: { finalizers: null } });
    await ask('DELETE', path);
  }
}

async function removeBindings(
  cluster: Cluster,
  isKept: (path: string, object: Named) => boolean,
): Promise<void> {
  const { ask, list } = openRequests(cluster);
  const remove = async (path: string, object: Named): Promise<void> => {
    if (!isKept(path, object)) await ask('DELETE', path);
  };
  for (const object of await list(`${RBAC}/clusterrolebindings`))
    if (object.metadata.name.startsWith('jwt-injector'))
      await remove(`${RBAC}/clusterrolebindings/${object.metadata.name}`, object);
  for (const object of await list(`${RBAC}/rolebindings`)) {
    const { name, namespace = '' } = object.metadata;
    if (!KUBERNETES.includes(namespace))
      await remove(`${RBAC}/namespaces/${namespace}/rolebindings/${name}`, object);
  }
}

interface Requests {
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Listed>;
  readonly list: (path: string) => Promise<readonly Named[]>;
  /** Lists all objects except for those with these names. */
  readonly listOthers: (path: string, kept: readonly string[]) => Promise<readonly Named[]>;
}

function openRequests({ access }: Cluster): Requests {
  const ask: Requests['ask'] = (method, path, body) =>
    waitUntil(`${method} ${path}`, ANSWERED_WITHIN_MS, async () => {
      const answer = await askApi(access, method, path, body);
      if (answer.status === 429) return undefined; // "storage is (re)initializing": the CRD was written a moment ago
      if (answer.status === 404) return {}; // the kind does not exist any more; the answer is plain text
      if (answer.status >= 300)
        throw new ControlPlaneError(`tidying up: ${method} ${path}: ${answer.status} ${answer.body}`);
      return JSON.parse(answer.body) as Listed;
    });
  const list: Requests['list'] = async (path) => (await ask('GET', path)).items ?? [];
  return {
    ask,
    list,
    listOthers: async (path, kept) =>
      (await list(path)).filter(({ metadata }) => !kept.includes(metadata.name)),
  };
}

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly finalizers?: unknown;
  };
}

interface Listed {
  readonly items?: readonly Named[];
}
