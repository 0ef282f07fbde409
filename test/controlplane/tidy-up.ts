import { askApi } from './api-request.ts';
import type { Cluster } from './cluster.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import type { Installation } from './stage.ts';
import { waitUntil } from './wait-until.ts';

const ANSWERED_WITHIN_MS = 30_000;

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const JWTS = '/apis/tokens.osg-htc.org/v1';
const NAMESPACES = '/api/v1/namespaces';

/** Cluster-wide kinds that tests make objects of; what is installed is called jwt-injector everywhere. */
const CLUSTER_WIDE = [
  `${ADMISSION}/mutatingwebhookconfigurations`,
  `${ADMISSION}/validatingwebhookconfigurations`,
  `${ADMISSION}/validatingadmissionpolicies`,
  `${ADMISSION}/validatingadmissionpolicybindings`,
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/api/v1/nodes',
];

/** What a cluster has from the beginning. */
const KUBERNETES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** What is installed. */
const PRODUCT = ['jwt-injector', 'jwts.tokens.osg-htc.org'];

/** What is installed has but one Secret there, which comes back empty. */
const WITHOUT_SECRETS = ['default', 'jwt-injector'];

/** The namespace controller looks again after 5 s and more if something was left. */
const GONE_WITHIN_MS = 60_000;

/**
 * Takes away what one user of a cluster left to the next: the service would sign tokens for JWTs that are still there, and
 * webhooks would see the next one's pods. Namespaces take some seconds to go, which nobody waits for: names are not used
 * twice. What was installed and taken away is there again; without an installation, all is gone in the end.
 */
export async function tidyUp(cluster: Cluster, installation?: Installation): Promise<void> {
  const ask = (method: string, path: string, body?: unknown): Promise<Listed> =>
    waitUntil(`${method} ${path}`, ANSWERED_WITHIN_MS, async () => {
      const answer = await askApi(cluster.access, method, path, body);
      if (answer.status === 429) return undefined; // "storage is (re)initializing": the CRD was written a moment ago
      if (answer.status === 404) return {}; // of a kind that is gone, in plain text
      if (answer.status >= 300)
        throw new ControlPlaneError(`tidying up: ${method} ${path}: ${answer.status} ${answer.body}`);
      return JSON.parse(answer.body) as Listed;
    });
  const list = async (path: string): Promise<readonly Named[]> => (await ask('GET', path)).items ?? [];

  const kept = new Set([...KUBERNETES, ...(installation === undefined ? [] : PRODUCT)]);
  const listOthers = async (path: string): Promise<readonly Named[]> =>
    (await list(path)).filter(({ metadata }) => !kept.has(metadata.name));

  await Promise.all(
    CLUSTER_WIDE.map(async (path) => {
      for (const { metadata } of await listOthers(path)) await ask('DELETE', `${path}/${metadata.name}`);
    }),
  );
  for (const { metadata } of await list(`${JWTS}/jwts`)) {
    const path = `${JWTS}/namespaces/${metadata.namespace}/jwts/${metadata.name}`;
    if (metadata.finalizers !== undefined) await ask('PATCH', path, { metadata: { finalizers: null } });
    await ask('DELETE', path);
  }
  for (const { metadata } of await listOthers(NAMESPACES))
    await ask('DELETE', `${NAMESPACES}/${metadata.name}`);
  // Some install what gives our ServiceAccount other rights.
  for (const { metadata } of await list(`${RBAC}/clusterrolebindings`))
    if (metadata.name.startsWith('jwt-injector'))
      await ask('DELETE', `${RBAC}/clusterrolebindings/${metadata.name}`);
  for (const { metadata } of await list(`${RBAC}/rolebindings`))
    if (metadata.namespace === 'jwt-injector' || !kept.has(metadata.namespace ?? ''))
      await ask('DELETE', `${RBAC}/namespaces/${metadata.namespace}/rolebindings/${metadata.name}`);
  if (installation === undefined) {
    for (const { metadata } of await list(`${RBAC}/clusterroles`))
      if (metadata.name.startsWith('jwt-injector'))
        await ask('DELETE', `${RBAC}/clusterroles/${metadata.name}`);
    await waitUntil('everything to be gone', GONE_WITHIN_MS, async () => {
      const left = await Promise.all([...CLUSTER_WIDE, NAMESPACES].map(listOthers));
      return left.flat().length === 0;
    });
    return;
  }
  for (const namespace of WITHOUT_SECRETS) await ask('DELETE', `/api/v1/namespaces/${namespace}/secrets`);
  await ask('DELETE', '/apis/coordination.k8s.io/v1/namespaces/jwt-injector/leases/jwt-injector');
  await cluster.apply(installation.manifests);
}

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly finalizers?: unknown };
}

interface Listed {
  readonly items?: readonly Named[];
}
