import { arrayMember, member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';

/** A kind that makes pods out of a template. */
export interface WorkloadKind {
  readonly kind: string;
  readonly group: 'apps' | 'batch';
  /** Plural, as in requests. */
  readonly resource: string;
  /** Members on the way from the object to its pod template. */
  readonly template: readonly string[];
  /** A Job's template cannot be changed once it exists (Kubernetes API, JobSpec). */
  readonly templateFixed: boolean;
}

const TEMPLATE = ['spec', 'template'] as const;

/** The workloads that the webhook sees; the same as in the rules of the webhook configuration. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  { kind: 'Deployment', group: 'apps', resource: 'deployments', template: TEMPLATE, templateFixed: false },
  { kind: 'StatefulSet', group: 'apps', resource: 'statefulsets', template: TEMPLATE, templateFixed: false },
  { kind: 'DaemonSet', group: 'apps', resource: 'daemonsets', template: TEMPLATE, templateFixed: false },
  { kind: 'ReplicaSet', group: 'apps', resource: 'replicasets', template: TEMPLATE, templateFixed: false },
  { kind: 'Job', group: 'batch', resource: 'jobs', template: TEMPLATE, templateFixed: true },
  {
    kind: 'CronJob',
    group: 'batch',
    resource: 'cronjobs',
    template: ['spec', 'jobTemplate', ...TEMPLATE],
    templateFixed: false,
  },
];

/** By the plural of a request; by the kind where the plural is missing, as in a file or a review made by hand. */
export function findWorkloadKind(
  { group, resource }: { readonly group: string; readonly resource: string },
  kind: string,
): WorkloadKind | undefined {
  return WORKLOAD_KINDS.find(
    (known) => known.group === group && (resource === '' ? known.kind === kind : known.resource === resource),
  );
}

/** The raw pod template; `undefined` where it is absent or not an object. */
export function templateOf(kind: WorkloadKind, object: unknown): JsonObject | undefined {
  let found: unknown = object;
  for (const key of kind.template) found = objectMember(found, key);
  return objectMember({ found }, 'found');
}

/** The names of a StatefulSet's volume claims, which are names of volumes of its pods. */
export function claimNames(object: unknown): readonly string[] {
  return arrayMember(objectMember(object, 'spec'), 'volumeClaimTemplates').flatMap((claim) => {
    const name = stringMember(objectMember(claim, 'metadata'), 'name') ?? '';
    return name === '' ? [] : [name];
  });
}

/** Whether a controller owns it, as a Deployment its ReplicaSet: then its annotations come from the owner. */
export function hasController(object: unknown): boolean {
  const owners = arrayMember(objectMember(object, 'metadata'), 'ownerReferences');
  return owners.some((owner) => member(owner, 'controller') === true);
}
