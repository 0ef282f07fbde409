import { resourcePath, type Resource } from '../../src/kube/resource-path.ts';
import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { waitUntil } from '../controlplane/wait-until.ts';

/** An object as the API server gives it, loosely typed. A test that expects a missing member fails. */
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
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
};

const WITHIN_MS = 60_000; // a second or two is usual
const ANSWERED = { timeoutMs: 30_000 };

/** Namespace and name of an object. */
interface Place {
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: string;
}

/**
 * The objects of the cluster for its administrator, by kind and name, with functions that wait for a state.
 */
export interface Objects {
  /** `undefined` if it does not exist. */
  get(plural: string, namespace: string, name: string): Promise<Loose>;
  list(plural: string, namespace: string): Promise<readonly Loose[]>;
  create(plural: string, namespace: string, object: object): Promise<void>;
  /** Merge patch, of a subresource if one is named. */
  patch(plural: string, place: Place, body: object): Promise<void>;
  delete(plural: string, place: Omit<Place, 'subresource'>): Promise<void>;
  /** Resolves to the object as soon as it matches. */
  waitFor(
    plural: string,
    namespace: string,
    name: string,
    fits: (object: Loose) => boolean,
    withinMs?: number,
  ): Promise<Loose>;
  waitForGone(plural: string, namespace: string, name: string): Promise<void>;
  /** Resolves to the condition of this type as soon as it has the status and, if given, the reason. */
  waitForCondition(
    namespace: string,
    name: string,
    type: string,
    status: string,
    reason?: string,
  ): Promise<Loose>;
}

/** Usable as long as the cluster runs. */
export function openObjects({ access }: Pick<Cluster, 'access'>): Objects {
  const pathOf = (plural: string, place: { namespace: string; name?: string }): string => {
    const resource = RESOURCES[plural];
    if (resource === undefined) throw new Error(`${plural} is not in the test's table`);
    return resourcePath(resource, place);
  };
  const ask = async (method: string, path: string, body?: object): Promise<Loose> => {
    const answer = await askApi(access, method, path, body, ANSWERED);
    if (method === 'GET' && answer.status === 404) return undefined;
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  };
  const get: Objects['get'] = (plural, namespace, name) => ask('GET', pathOf(plural, { namespace, name }));
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
    get,
    list: async (plural, namespace) => (await ask('GET', pathOf(plural, { namespace })))?.items ?? [],
    create: (plural, namespace, object) => ask('POST', pathOf(plural, { namespace }), object),
    patch: (plural, { subresource, ...place }, body) => {
      const path = pathOf(plural, place);
      return ask('PATCH', subresource === undefined ? path : `${path}/${subresource}`, body);
    },
    delete: (plural, place) => ask('DELETE', pathOf(plural, place)),
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
  };
}

/** The text of a Secret's data key. */
export function secretText(secret: Loose, key = 'token'): string {
  return Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
}
