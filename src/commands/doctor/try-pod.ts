import { DEFAULT_ENV_VAR } from '../../admission/annotations/check-values.ts';
import { KubeError } from '../../kube/errors.ts';
import { PODS } from '../../kube/known-resources.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { arrayMember, objectMember, stringMember } from '../../resources/json.ts';
import { GROUP, INJECTION_ANNOTATIONS } from '../../resources/names.ts';
import type { Access } from '../cluster/connect.ts';
import type { TriedPod } from './installation-snapshot.ts';

/** The webhook's own time limit is 5 s, and other webhooks have theirs. */
const ADMISSION_DEADLINE_MS = 30_000;

/** The smallest pod that the Pod Security Standard "restricted" allows. */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    generateName: 'jwt-injector-doctor-',
    annotations: { [INJECTION_ANNOTATIONS.token]: 'doctor' },
  },
  spec: {
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'main',
        image: 'scratch',
        resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
} as const;

/** Has the API server make a pod with an annotation, but not store it. Throws a KubeError if the caller lacks the right. */
export async function tryPod(client: Pick<Access['client'], 'create'>, namespace: string): Promise<TriedPod> {
  try {
    const path = resourcePath(PODS, { namespace });
    const pod = await client.create(path, POD, {
      query: { dryRun: 'All' },
      deadline: ADMISSION_DEADLINE_MS,
    });
    return { outcome: isInjected(pod) ? 'injected' : 'unchanged' };
  } catch (error) {
    if (!(error instanceof KubeError) || error.status === 0 || error.status === 401) throw error;
    const { refusal } = error;
    if (refusal?.kind === 'no-right') throw error;
    // Its words are ours: no part of the answer but the name of a webhook.
    if (error.message.includes(`.${GROUP} does not answer`)) return { outcome: 'no-answer' };
    const by = refusal === undefined ? error.message : `${refusal.kind} ${refusal.subject}`.trim();
    return { outcome: 'refused', why: by };
  }
}

function isInjected(pod: unknown): boolean {
  const containers = arrayMember(objectMember(pod, 'spec'), 'containers');
  return containers.some((container) =>
    arrayMember(container, 'env').some((entry) => stringMember(entry, 'name') === DEFAULT_ENV_VAR),
  );
}
