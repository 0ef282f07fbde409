import { openAudit, type AuditEvent } from '../controlplane/audit.ts';
import type { ControlPlaneOptions } from '../controlplane/control-plane.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import { startStage, type Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Json } from '../admission/pods.ts';
import { openObjects, type Loose, type Objects } from './objects.ts';
import { openUserApi, type Answer, type UserApi } from './user-api.ts';

/** How often the API server called each of our mutating entries, by the first word of its name. */
export type Calls = Readonly<Record<string, number>>;

/** A stage with tools for the admission tests. */
export interface AdmissionStage extends Pick<
  Stage<Cluster>,
  'cluster' | 'service' | 'startService' | 'stop'
> {
  readonly objects: Objects;
  readonly api: UserApi;
  /** Creates a namespace with labels in which pods can be created. */
  createNamespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** Creates an object. With `dryRun` the object goes through admission and validation, but is not stored. */
  create(namespace: string, object: Json, dryRun?: 'dryRun'): Promise<Answer>;
  /** Sends a merge patch. */
  patch(namespace: string, kind: string, name: string, body: Json): Promise<Answer>;
  /** The webhook calls for all requests of `api` since the last call of this function. */
  newCalls(): Promise<Calls>;
  /** How often a match condition could not be evaluated, since the start. */
  conditionErrors(): Promise<number>;
  /** Runs kubectl in a namespace; ignores its exit code. */
  kubectl(namespace: string, args: readonly string[], input?: unknown): ReturnType<Cluster['kubectl']>;
}

/** `kubectl debug`, with the profile that is the default of newer versions; older ones warn about theirs. */
export const DEBUG: readonly string[] = ['debug', '--profile=general', '--image=busybox'];

const COLLECTIONS: Readonly<Record<string, readonly [string, string]>> = {
  Pod: ['/api/v1', 'pods'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  StatefulSet: ['/apis/apps/v1', 'statefulsets'],
  DaemonSet: ['/apis/apps/v1', 'daemonsets'],
  ReplicaSet: ['/apis/apps/v1', 'replicasets'],
  Job: ['/apis/batch/v1', 'jobs'],
  CronJob: ['/apis/batch/v1', 'cronjobs'],
};

/** Path of a kind's objects in a namespace. */
export function collectionPath(namespace: string, kind: string): string {
  const [api, plural] = COLLECTIONS[kind] ?? [];
  if (api === undefined) throw new Error(`${kind} is not in the test's table`);
  return `${api}/namespaces/${namespace}/${plural}`;
}

/** On a cluster that was lent to this file; see `borrowStage`. */
export async function borrowAdmissionStage(): Promise<AdmissionStage> {
  return openAdmissionStage(await borrowStage());
}

/** On a control plane of its own. */
export async function startAdmissionStage(options: ControlPlaneOptions): Promise<AdmissionStage> {
  return openAdmissionStage(await startStage({ ...options, audit: true }));
}

async function openAdmissionStage(stage: Stage<Cluster>): Promise<AdmissionStage> {
  const { cluster } = stage;
  const objects = openObjects(cluster);
  const audit = await openAudit(cluster);
  const user = await openUserApi(cluster);
  const asked: string[] = [];
  const api: UserApi = {
    ...user,
    ask: async (method, path, body) => {
      const answer = await user.ask(method, path, body);
      if (method !== 'GET') asked.push(answer.auditId);
      return answer;
    },
  };
  return {
    cluster,
    service: () => stage.service(),
    startService: (start) => stage.startService(start),
    objects,
    api,
    createNamespace: async (name, labels = {}) => {
      await cluster.createNamespace(name);
      await api.ask('PATCH', `/api/v1/namespaces/${name}`, { metadata: { labels } });
    },
    create: (namespace, object, dryRun) => {
      const path = collectionPath(namespace, String(object['kind']));
      return api.ask('POST', dryRun === undefined ? path : `${path}?dryRun=All`, object);
    },
    patch: (namespace, kind, name, body) =>
      api.ask('PATCH', `${collectionPath(namespace, kind)}/${name}`, body),
    newCalls: async () => {
      const calls: Record<string, number> = {};
      for (const id of asked.splice(0)) {
        const event = await audit.waitForEvent(({ auditID }) => auditID === id);
        for (const name of calledIn(event)) calls[name] = (calls[name] ?? 0) + 1;
      }
      return calls;
    },
    conditionErrors: async () => {
      const metric = 'apiserver_admission_match_condition_evaluation_errors_total';
      const errors = sumByName(await api.read('/metrics'), metric);
      return Object.values(errors).reduce((sum, count) => sum + count, 0);
    },
    kubectl: (namespace, args, input) =>
      cluster.kubectl([...args, `--namespace=${namespace}`], {
        allowFailure: true,
        ...(input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) }),
      }),
    stop: async () => {
      api.close();
      await stage.stop();
    },
  };
}

/**
 * Our mutating entries that the API server called for one request: it records each call and round, whatever
 * the answer was.
 */
function calledIn({ annotations = {} }: AuditEvent): readonly string[] {
  return Object.entries(annotations).flatMap(([key, value]) => {
    if (!/^mutation\.webhook\.admission\.k8s\.io\/round_\d+_index_\d+$/.test(key)) return [];
    const { configuration, webhook } = JSON.parse(String(value));
    return configuration === 'jwt-injector' ? [webhook.replace('.tokens.osg-htc.org', '')] : [];
  });
}

/** The values of one metric for our webhooks, summed over the other labels. */
function sumByName(metrics: string, metric: string): Calls {
  const sums: Record<string, number> = {};
  // The page has tens of thousands of lines.
  for (const [, labels = '', value] of metrics.matchAll(
    new RegExp(`^${metric}\\{([^}]*)\\} (\\S+)$`, 'gm'),
  )) {
    const [, name] = /name="([\w-]+)\.tokens\.osg-htc\.org"/.exec(labels) ?? [];
    if (name !== undefined) sums[name] = (sums[name] ?? 0) + Number(value);
  }
  return sums;
}

/** What jwt-injector added to a pod, as lists in which duplicates are visible. */
export interface Injection {
  readonly volumes: readonly string[];
  readonly containers: Readonly<Record<string, readonly string[]>>;
}

/** Token volumes, and for each container its mounts and variables, without those of the ServiceAccount. */
export function readInjection(pod: Loose): Injection {
  const { volumes = [], initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const all: readonly Loose[] = [...initContainers, ...containers, ...ephemeralContainers];
  const entries = all.map(({ name, volumeMounts = [], env = [] }): [string, string[]] => [
    name,
    [
      ...volumeMounts.filter(isOurs).map((mount: Loose) => `${mount.name} at ${mount.mountPath}`),
      ...env.map((variable: Loose) => `${variable.name}=${variable.value}`),
    ],
  ]);
  return {
    volumes: volumes.filter(isOurs).map((volume: Loose) => volume.name),
    containers: Object.fromEntries(entries),
  };
}

function isOurs({ name }: Loose): boolean {
  return !name.startsWith('kube-api-access-');
}

/** The injection of a pod with one token, with default settings. */
export function injectionOf(token: string, ...containers: readonly string[]): Injection {
  const added = [`jwt-${token} at /var/run/secrets/jwt`, 'BEARER_TOKEN_FILE=/var/run/secrets/jwt/token'];
  return {
    volumes: [`jwt-${token}`],
    containers: Object.fromEntries(containers.map((name) => [name, added])),
  };
}

/** Waits until a namespace's label, or a webhook configuration, is in effect, as shown by dry-run pods. */
export async function waitForPods(
  { create }: Pick<AdmissionStage, 'create'>,
  namespace: string,
  pod: Json,
  fits: (answer: Answer) => boolean,
): Promise<Answer> {
  return waitUntil(`pods of namespace ${namespace} to be as expected`, 60_000, async () => {
    const answer = await create(namespace, pod, 'dryRun');
    return fits(answer) ? answer : undefined;
  });
}
