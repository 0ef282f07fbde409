import type { Json } from '../admission/pods.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { collectionPath, type AdmissionStage } from './admission-stage.ts';
import type { Loose } from './objects.ts';

export interface WorkloadParts {
  readonly name?: string;
  readonly annotations?: Json;
  readonly metadata?: Json;
  /** Annotations of the template; `undefined` leaves them out. */
  readonly template?: Json | undefined;
  readonly podSpec?: Json;
  /** More members of the spec. */
  readonly spec?: Json;
}

const API_VERSIONS: Readonly<Record<string, string>> = { Job: 'batch/v1', CronJob: 'batch/v1' };

/** A workload that the API server accepts, as a user would write it. */
export function workload(kind: string, parts: WorkloadParts = {}): Json {
  const { name = 'web', annotations, metadata, template, podSpec, spec } = parts;
  const isBatch = kind === 'Job' || kind === 'CronJob';
  const pods = {
    metadata: {
      ...(isBatch ? {} : { labels: { app: name } }),
      ...(template === undefined ? {} : { annotations: template }),
    },
    spec: {
      ...(isBatch ? { restartPolicy: 'Never' } : {}),
      containers: [{ name: 'app', image: 'busybox' }],
      ...podSpec,
    },
  };
  const own =
    kind === 'CronJob'
      ? { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: pods } } }
      : { ...(isBatch ? {} : { selector: { matchLabels: { app: name } } }), template: pods };
  return {
    apiVersion: API_VERSIONS[kind] ?? 'apps/v1',
    kind,
    metadata: { name, ...metadata, ...(annotations === undefined ? {} : { annotations }) },
    spec: { ...own, ...spec },
  };
}

/** The template's annotations of a stored workload. */
export function templateAnnotations({ kind, spec }: Loose): Loose {
  return (kind === 'CronJob' ? spec.jobTemplate.spec : spec).template.metadata.annotations;
}

/** The pods that a controller created for a workload, as soon as there are `count` of them. */
export function waitForPodsOf(
  { api }: Pick<AdmissionStage, 'api'>,
  namespace: string,
  selector: string,
  count = 1,
): Promise<readonly Loose[]> {
  return waitUntil(`${count} pods with ${selector} in ${namespace}`, 60_000, async () => {
    const path = `${collectionPath(namespace, 'Pod')}?labelSelector=${encodeURIComponent(selector)}`;
    const { items } = (await api.ask('GET', path)).body;
    return items.length === count ? items : undefined;
  });
}

/**
 * Marks each pod of a Deployment as ready, as a kubelet would, until the rollout is complete. Gives the
 * Deployment and its ReplicaSets, one for each template that ever had pods.
 */
export async function finishRollout(
  { api }: Pick<AdmissionStage, 'api'>,
  namespace: string,
  name: string,
): Promise<{ deployment: Loose; replicaSets: readonly Loose[]; pods: readonly Loose[] }> {
  const list = async (kind: string): Promise<readonly Loose[]> =>
    (await api.ask('GET', `${collectionPath(namespace, kind)}?labelSelector=app%3D${name}`)).body.items;
  return waitUntil(`the rollout of ${name}`, 60_000, async () => {
    const pods = await list('Pod');
    for (const pod of pods.filter(({ status }) => status.phase === 'Pending')) {
      await api.ask('PATCH', `${collectionPath(namespace, 'Pod')}/${pod.metadata.name}/status`, READY);
    }
    const path = `${collectionPath(namespace, 'Deployment')}/${name}`;
    const deployment = (await api.ask('GET', path)).body;
    const { status, spec, metadata } = deployment;
    const isDone =
      status.observedGeneration === metadata.generation &&
      [status.replicas, status.updatedReplicas, status.availableReplicas].every((n) => n === spec.replicas) &&
      pods.length === spec.replicas;
    return isDone ? { deployment, replicaSets: await list('ReplicaSet'), pods } : undefined;
  });
}

const READY = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
