import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { wireJwt } from '../fixtures/jwts.ts';

const FINALIZER = 'kopf.zalando.org/KopfFinalizerMarker';

/** Creates what token-manager leaves in a cluster, with all the uses that jwt-injector does not support. */
export async function leaveOldObjects(
  cluster: Cluster,
  { key, inlineKey }: { readonly key: string; readonly inlineKey: string },
): Promise<void> {
  await Promise.all(['lab', 'other', 'vault', 'operators'].map((name) => cluster.createNamespace(name)));
  const secret = (namespace: string, name: string, stringData: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData,
  });
  const keyIn = (name: string, namespace?: string) => ({
    secret: { name, key: 'key.pem', ...(namespace === undefined ? {} : { namespace }) },
  });
  const handled = { 'kopf.zalando.org/last-handled-configuration': JSON.stringify(wireJwt()) };
  await create(cluster, [
    secret('vault', 'shared', { 'key.pem': key }),
    secret('default', 'old-key', { 'key.pem': key }),
    secret('lab', 'taken', { password: 'x' }),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'public-key', namespace: 'default' },
      data: { 'key.pem': key },
    },
    jwt('lab', 'foreign', { key: keyIn('shared', 'vault'), resignBefore: undefined }),
    jwt('other', 'foreign', { key: keyIn('shared', 'vault') }),
    jwt('lab', 'omitted', { key: keyIn('old-key') }),
    jwt('lab', 'config-map', { key: { configMap: { name: 'public-key', key: 'key.pem' } } }),
    jwt('lab', 'taken', { key: { value: inlineKey } }),
    jwt('lab', 'clamped', {}, { annotations: handled, finalizers: [FINALIZER] }),
    deployment('operators', 'token-manager'),
    peeringDefinition(),
  ]);
  // Our schema refuses this in a new object. That of token-manager did not, and stored objects are kept.
  await storeClamped(cluster);
  const peering = { apiVersion: 'kopf.dev/v1', kind: 'ClusterKopfPeering', metadata: { name: 'default' } };
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd/clusterkopfpeerings.kopf.dev']);
  await create(cluster, [peering]);
}

/**
 * Installs, in the place of our deleted CRD, the one of token-manager's charts 1.0.1 to 1.0.4, with JWTs
 * that never got a Secret. Our CRD refuses two of them as new objects.
 */
export async function leaveClusterScope(cluster: Cluster): Promise<void> {
  const name = 'jwts.tokens.osg-htc.org';
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const names = { kind: 'JWT', plural: 'jwts', singular: 'jwt' };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const spec = { group: 'tokens.osg-htc.org', scope: 'Cluster', names, versions };
  await create(cluster, [
    { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name }, spec },
  ]);
  await cluster.kubectl(['wait', '--for=condition=Established', `crd/${name}`]);
  await cluster.kubectl(['api-resources', '--api-group=tokens.osg-htc.org']);
  await create(cluster, [
    jwt(undefined, 'unplaced', {}, { finalizers: [FINALIZER] }),
    jwt(undefined, 'late', { resignBefore: { days: 2 } }),
    jwt(undefined, 'own-name', { key: { secret: { name: 'own-name', key: 'key.pem' } } }),
  ]);
}

async function create(cluster: Cluster, items: readonly unknown[]): Promise<void> {
  await cluster.kubectl(['create', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
}

function jwt(
  namespace: string | undefined,
  name: string,
  spec: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
) {
  const { apiVersion, kind, spec: full } = wireJwt(spec);
  const place = namespace === undefined ? {} : { namespace };
  return { apiVersion, kind, metadata: { name, ...place, ...metadata }, spec: full };
}

async function storeClamped({ access }: Cluster): Promise<void> {
  const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/jwts.tokens.osg-htc.org';
  const place = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations';
  const { versions } = JSON.parse((await askApi(access, 'GET', crd)).body).spec;
  const rules: unknown = versions[0].schema.openAPIV3Schema.properties.spec['x-kubernetes-validations'];
  const patchCrd = async (operation: object): Promise<void> => {
    const type = 'application/json-patch+json';
    const { status, body } = await askApi(access, 'PATCH', crd, [operation], { type });
    if (status !== 200) throw new Error(`the rules of the CRD were not changed (${status}): ${body}`);
  };
  await patchCrd({ op: 'remove', path: place });
  const stored = '/apis/tokens.osg-htc.org/v1/namespaces/lab/jwts/clamped';
  const clamped = { spec: { resignBefore: { days: 2 } } };
  await waitUntil('the rule of the CRD to go', 10_000, async () => {
    const { status } = await askApi(access, 'PATCH', stored, clamped);
    return status === 200;
  });
  await patchCrd({ op: 'add', path: place, value: rules });
}

function deployment(namespace: string, name: string) {
  const labels = { app: name };
  const containers = [{ name, image: `opensciencegrid/${name}` }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

function peeringDefinition() {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const names = { kind: 'ClusterKopfPeering', plural: 'clusterkopfpeerings', singular: 'clusterkopfpeering' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'clusterkopfpeerings.kopf.dev' },
    spec: {
      group: 'kopf.dev',
      scope: 'Cluster',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}
