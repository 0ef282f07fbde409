import { compareClocks } from '../cluster/compare-clocks.ts';
import { JWT_API, readJwtApi } from '../cluster/discover.ts';
import { findDeployments } from '../token-manager/deployments.ts';
import { KubeError } from '../../kube/errors.ts';
import { LEASES } from '../../kube/known-resources.ts';
import { resourcePath, type Resource } from '../../kube/resource-path.ts';
import { arrayMember } from '../../resources/json.ts';
import { isExcluded } from '../../resources/excluded-namespaces.ts';
import { APP, GROUP, PLURAL } from '../../resources/names.ts';
import { PACKAGE_VERSION } from '../../package-version.ts';
import { CRDS, DEPLOYMENTS } from '../cluster/admin-resources.ts';
import type { Access } from '../cluster/connect.ts';
import { askRight, findMissingRights } from './ask-rights.ts';
import { findNamespaces } from '../installation/deployment-flags.ts';
import { gatherCertificates } from '../installation/gather-certificates.ts';
import { tryRead, foundValue } from '../cluster/read-result.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';
import { takeCensus } from './take-census.ts';
import { tryPod } from './try-pod.ts';

const SERVICES: Resource = { group: '', version: 'v1', plural: 'services' };
const SLICES: Resource = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' };
const POLICY_BINDINGS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingadmissionpolicybindings',
};
const CLUSTER_ROLES: Resource = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'clusterroles' };

/**
 * Reads everything that the checks need, and changes nothing. What is refused becomes a part of the snapshot; only an
 * API server that does not answer at all, or does not accept the credentials, is a KubeError.
 * @param given see `gatherCertificates`.
 */
export async function gather(access: Access, given: string | undefined): Promise<InstallationSnapshot> {
  const { client, namespace: own } = access;
  const server = await compareClocks(client);
  const certificates = await gatherCertificates(access, given);
  const { namespace, deployment } = certificates;
  const tryNamespace = chooseNamespace(own, certificates);
  const at = (resource: Resource, name: string) =>
    tryRead(() => client.get(resourcePath(resource, { namespace, name })));
  const [crd, controller, service, lease, editRole, deliveryBinding, api] = await Promise.all([
    tryRead(() => client.get(resourcePath(CRDS, { name: `${PLURAL}.${GROUP}` }))),
    at(DEPLOYMENTS, `${APP}-controller`),
    at(SERVICES, APP),
    at(LEASES, APP),
    tryRead(() => client.get(resourcePath(CLUSTER_ROLES, { name: `${APP}-edit` }))),
    tryRead(() => client.get(resourcePath(POLICY_BINDINGS, { name: `${APP}-delivery` }))),
    discoverJwtApi(client),
  ]);
  const limits = findNamespaces(foundValue(controller) ?? foundValue(deployment));
  const [endpointSlices, oldDeployments, mayCreateJwts, triedPod, jwts] = await Promise.all([
    tryRead(async () => {
      const query = { labelSelector: `kubernetes.io/service-name=${APP}` };
      return (await client.list(resourcePath(SLICES, { namespace }), { query })).items;
    }),
    tryRead(() => findOldDeployments({ client, namespace: tryNamespace })),
    tryRead(() =>
      askRight(client, { verb: 'create', group: GROUP, resource: PLURAL, namespace: tryNamespace }),
    ),
    tryRead(() => tryPod(client, tryNamespace)),
    takeCensus(client, { namespace: tryNamespace, served: limits.ok ? limits.value : undefined }),
  ]);
  return {
    ...certificates,
    version: PACKAGE_VERSION,
    server,
    api,
    crd,
    controller,
    service,
    endpointSlices,
    lease,
    editRole,
    deliveryBinding,
    missingRights: limits.ok
      ? await askMissingRights(client, { ...certificates, controller, limits: limits.value })
      : { state: 'unread', why: limits.problem.message },
    mayCreateJwts,
    triedPod,
    tryNamespace,
    jwts,
    oldDeployments,
  };
}

/** The caller's own namespace, where it is served; else another that is. */
function chooseNamespace(
  own: string,
  { namespace, deployment }: Pick<InstallationSnapshot, 'namespace' | 'deployment'>,
): string {
  const limits = findNamespaces(foundValue(deployment));
  const served = limits.ok ? limits.value : undefined;
  if (served === undefined) return isExcluded(own, namespace) ? 'default' : own;
  return served.includes(own) ? own : (served[0] ?? own);
}

/** Only the Deployments say which rights are needed, for whom and where. */
async function askMissingRights(
  client: Access['client'],
  {
    deployment,
    controller,
    ...installation
  }: Pick<InstallationSnapshot, 'namespace' | 'tls' | 'deployment' | 'controller'> & {
    readonly limits: readonly string[] | undefined;
  },
): Promise<InstallationSnapshot['missingRights']> {
  for (const reading of [deployment, controller]) if (reading.state === 'unread') return reading;
  const deployments = { webhook: foundValue(deployment), controller: foundValue(controller) };
  return tryRead(() => findMissingRights(client, { ...installation, deployments }));
}

async function discoverJwtApi(client: Access['client']): Promise<InstallationSnapshot['api']> {
  const list = await tryRead(() => client.get(`/apis/${JWT_API}`));
  if (list.state !== 'found') return list;
  const value = readJwtApi(arrayMember(list.value, 'resources'));
  return value === undefined ? { state: 'absent' } : { state: 'found', value };
}

async function findOldDeployments(access: Pick<Access, 'client' | 'namespace'>) {
  const { items, forbidden } = await findDeployments(access);
  if (items.length === 0 && forbidden.length > 0)
    throw new KubeError({ verb: 'list', resource: 'deployments', status: 403, reason: 'Forbidden' });
  return items;
}
