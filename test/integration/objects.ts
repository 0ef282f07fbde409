import { createClient, type KubeClient } from '../../src/kube/client.ts';
import { loadCluster } from '../../src/kube/cluster.ts';
import { isNotFound } from '../../src/kube/errors.ts';
import { resourcePath, type Resource } from '../../src/kube/resource-path.ts';
import { systemClock } from '../../src/time/clock.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { waitUntil } from '../controlplane/wait-until.ts';

/** An object as the API server gives it, read loosely: a test that expects a member fails where it is not. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look deep into objects of any kind
export type Loose = any;

const RESOURCES: Readonly<Record<string, Resource>> = {
  jwts: { group: 'tokens.osg-htc.org', version: 'v1', plural: 'jwts' },
  secrets: { group: '', version: 'v1', plural: 'secrets' },
  pods: { group: '', version: 'v1', plural: 'pods' },
  events: { group: 'events.k8s.io', version: 'v1', plural: 'events' },
  deployments: { group: 'apps', version: 'v1', plural: 'deployments' },
  replicasets: { group: 'apps', version: 'v1', plural: 'replicasets' },
  statefulsets: { group: 'apps', version: 'v1', plural: 'statefulsets' },
  daemonsets: { group: 'apps', version: 'v1', plural: 'daemonsets' },
};

const WITHIN_MS = 30_000;

/** The cluster as its administrator sees it: objects by kind and name, and waiting for what becomes of them. */
export interface Objects {
  readonly client: KubeClient;
  get(plural: string, namespace: string, name: string): Promise<Loose>;
  list(plural: string, namespace: string): Promise<readonly Loose[]>;
  /** The object as soon as it fits. */
  waitFor(
    plural: string,
    namespace: string,
    name: string,
    fits: (object: Loose) => boolean,
    withinMs?: number,
  ): Promise<Loose>;
  waitForGone(plural: string, namespace: string, name: string): Promise<void>;
  /** The condition of that type as soon as it has the status and, if given, the reason. */
  waitForCondition(
    namespace: string,
    name: string,
    type: string,
    status: string,
    reason?: string,
  ): Promise<Loose>;
  close(): Promise<void>;
}

export function openObjects(cluster: Pick<Cluster, 'adminKubeconfig'>): Objects {
  const loaded = loadCluster({ kubeconfig: cluster.adminKubeconfig });
  if (!loaded.ok) throw new Error(loaded.problem);
  const client = createClient(loaded.value, { clock: systemClock, version: 'test' });
  const pathOf = (plural: string, place: { namespace: string; name?: string }): string => {
    const resource = RESOURCES[plural];
    if (resource === undefined) throw new Error(`${plural} is not in the test's table`);
    return resourcePath(resource, place);
  };
  const get: Objects['get'] = async (plural, namespace, name) => {
    try {
      return await client.get(pathOf(plural, { namespace, name }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  const waitFor: Objects['waitFor'] = async (plural, namespace, name, fits, withinMs = WITHIN_MS) => {
    let last: Loose;
    try {
      return await waitUntil(`${plural} ${namespace}/${name}`, withinMs, async () => {
        last = await get(plural, namespace, name);
        return last !== undefined && fits(last) ? last : undefined;
      });
    } catch (error) {
      throw new Error(`${String(error)}; it was last ${JSON.stringify(last?.status)}`, {
        cause: error,
      });
    }
  };
  return {
    client,
    get,
    list: async (plural, namespace) => (await client.list(pathOf(plural, { namespace }))).items,
    waitFor,
    waitForGone: async (plural, namespace, name) => {
      await waitUntil(
        `${plural} ${namespace}/${name} to go`,
        WITHIN_MS,
        async () => (await get(plural, namespace, name)) === undefined,
      );
    },
    waitForCondition: async (namespace, name, type, status, reason) => {
      const find = (jwt: Loose): Loose =>
        jwt.status?.conditions?.find((condition: Loose) => condition.type === type);
      const fits = (found: Loose): boolean =>
        found?.status === status && (reason === undefined || found.reason === reason);
      return find(await waitFor('jwts', namespace, name, (jwt) => fits(find(jwt))));
    },
    close: () => client.close(),
  };
}

/** The text under a Secret's data key. */
export function secretText(secret: Loose, key = 'token'): string {
  return Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
}
