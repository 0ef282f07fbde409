import { discoverJwts } from '../migrate/discover.ts';
import { findDeployments } from '../migrate/deployments.ts';
import { isDenied, KubeError } from '../../kube/errors.ts';
import { LEASES } from '../../kube/lease.ts';
import { resourcePath, type Resource } from '../../kube/resource-path.ts';
import { JWTS } from '../../kube/token-store.ts';
import { APP, EXCLUDED_NAMESPACES, GROUP, PLURAL } from '../../resources/names.ts';
import { toSeconds } from '../../time/units.ts';
import { PACKAGE_VERSION } from '../../package-version.ts';
import type { Access } from '../cluster/connect.ts';
import { askRight, findMissingRights } from './ask-rights.ts';
import { DEPLOYMENTS, gatherCertificates } from './gather-certificates.ts';
import { count, emptyCensus, type JwtCensus } from './jwt-census.ts';
import { look, valueOf, type Looked } from './looked.ts';
import type { Snapshot } from './snapshot.ts';
import { tryPod } from './try-pod.ts';

const CRDS: Resource = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
const SERVICES: Resource = { group: '', version: 'v1', plural: 'services' };
const SLICES: Resource = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' };
const CLUSTER_ROLES: Resource = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'clusterroles' };

/** More JWTs are not looked at: a list that long takes half a minute. */
const MOST_JWTS = 100_000;
/** For one list. */
const LIST_MS = 60_000;

/**
 * Reads everything that the checks need, and changes nothing. What is refused becomes a part of the snapshot; only an API server that does
 * not answer at all, or does not accept the credentials, is a KubeError.
 * @param given the namespace that jwt-injector is in; `undefined`: the one that the webhook configurations name.
 */
export async function gather(
  { client, namespace: own }: Access,
  given: string | undefined,
): Promise<Snapshot> {
  const server = await askServer(client);
  const certificates = await gatherCertificates(client, given);
  const { namespace, deployment } = certificates;
  const isExcluded = own === namespace || EXCLUDED_NAMESPACES.includes(own);
  const tryNamespace = isExcluded ? 'default' : own;
  const at = (resource: Resource, name: string) =>
    look(() => client.get(resourcePath(resource, { namespace, name })));
  const [crd, controller, service, lease, editRole, api] = await Promise.all([
    look(() => client.get(resourcePath(CRDS, { name: `${PLURAL}.${GROUP}` }))),
    at(DEPLOYMENTS, `${APP}-controller`),
    at(SERVICES, APP),
    at(LEASES, APP),
    look(() => client.get(resourcePath(CLUSTER_ROLES, { name: `${APP}-edit` }))),
    discover(client),
  ]);
  const [endpointSlices, oldDeployments, mayCreateJwts, triedPod, jwts] = await Promise.all([
    look(async () => {
      const query = { labelSelector: `kubernetes.io/service-name=${APP}` };
      return (await client.list(resourcePath(SLICES, { namespace }), { query })).items;
    }),
    look(() => findOldDeployments({ client, namespace: tryNamespace })),
    look(() => askRight(client, { verb: 'create', group: GROUP, resource: PLURAL, namespace: tryNamespace })),
    look(() => tryPod(client, tryNamespace)),
    takeCensus(client, tryNamespace),
  ]);
  const deployments = { webhook: valueOf(deployment), controller: valueOf(controller) };
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
    missingRights: await look(() => findMissingRights(client, { ...certificates, deployments })),
    mayCreateJwts,
    triedPod,
    tryNamespace,
    jwts,
    oldDeployments,
  };
}

async function askServer(client: Access['client']): Promise<Snapshot['server']> {
  const before = Date.now();
  const { version, date } = await client.version();
  // Its time has whole seconds: half of one is missing on average.
  const clockAhead = date === undefined ? undefined : date + 500 - (before + Date.now()) / 2;
  return { version, clockAhead };
}

async function discover(client: Access['client']): Promise<Snapshot['api']> {
  const api = await look(() => discoverJwts(client));
  if (api.state !== 'found') return api;
  return api.value === undefined ? { state: 'absent' } : { state: 'found', value: api.value };
}

async function findOldDeployments(access: Access) {
  const forbidden = new Set<string>();
  const found = await findDeployments(access, forbidden);
  if (found.length === 0 && forbidden.size > 0)
    throw new KubeError({ verb: 'list', resource: 'deployments', status: 403, reason: 'Forbidden' });
  return found;
}

/** Of all namespaces, or of the one if the caller is not allowed to look everywhere. */
async function takeCensus(client: Access['client'], namespace: string): Promise<Looked<JwtCensus>> {
  const everywhere = await look(() => countJwts(client, undefined));
  return everywhere.state === 'unread' ? look(() => countJwts(client, namespace)) : everywhere;
}

async function countJwts(client: Access['client'], namespace: string | undefined): Promise<JwtCensus> {
  const census = emptyCensus(namespace);
  const enough = new AbortController();
  const now = toSeconds(Date.now());
  try {
    await client.listMapped(resourcePath(JWTS, namespace === undefined ? {} : { namespace }), {
      signal: AbortSignal.any([enough.signal, AbortSignal.timeout(LIST_MS)]),
      withoutManagedFields: true,
      map: (object) => {
        if (census.total < MOST_JWTS) count(census, object, now);
        else enough.abort();
      },
    });
  } catch (error) {
    // What was counted until then is told, and that it is not all.
    if (isDenied(error) || census.total === 0) throw error;
    census.isCut = true;
  }
  return census;
}
