import { WORKLOAD_KINDS } from '../../admission/workloads/workload-kinds.ts';
import type { Resource } from '../../kube/resource-path.ts';

/** kubectl's short names. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  po: 'pods',
  deploy: 'deployments',
  sts: 'statefulsets',
  ds: 'daemonsets',
  rs: 'replicasets',
  cj: 'cronjobs',
};

const RESOURCES: readonly (Resource & { readonly kind: string })[] = [
  { kind: 'Pod', group: '', version: 'v1', plural: 'pods' },
  ...WORKLOAD_KINDS.map(({ kind, group, resource }) => ({ kind, group, version: 'v1', plural: resource })),
];

/** A kind that can be explained as it is in the cluster. */
export type LiveKind = (typeof RESOURCES)[number];

/** A kind by its name as kubectl takes it: `deployment`, `Deployments`, `deploy`, `deployments.apps`. */
export function findKind(word: string): LiveKind | undefined {
  const plain = word.toLowerCase();
  const plural = SHORT_NAMES[plain] ?? plain;
  return RESOURCES.find(({ kind, plural: known, group }) =>
    [known, `${known}.${group}`, kind.toLowerCase()].includes(plural),
  );
}
