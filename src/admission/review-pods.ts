import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import type { PatchOperation } from '../resources/json-patch.ts';
import { EXCLUDED_NAMESPACES } from '../resources/names.ts';
import { decidePod, needsNamespaceDefault } from './decide-pod.ts';
import { skip, type Decision } from './decision.ts';
import { decideEphemeral, ephemeralNeedsNamespaceDefault } from './ephemeral.ts';
import { planPatch } from './patch.ts';

/** The reviews of `/mutate/pods` that can lead to something; every other is allowed and gets no patch. */
export type PodReview = 'create' | 'ephemeral' | 'other';

export function classifyPodReview({
  operation,
  resource,
  kind,
  subResource,
  namespace,
}: AdmissionRequest): PodReview {
  if (namespace !== undefined && EXCLUDED_NAMESPACES.includes(namespace)) return 'other';
  if (resource.group !== '' || (resource.resource !== 'pods' && !isNamedByHand(resource.resource || kind)))
    return 'other';
  if (operation === 'CREATE' && subResource === '') return 'create';
  return operation === 'UPDATE' && subResource === 'ephemeralcontainers' ? 'ephemeral' : 'other';
}

/** A review made by hand may give only its kind, or the singular. */
function isNamedByHand(name: string): boolean {
  return ['pod', 'pods'].includes(name.toLowerCase());
}

/** Whether the namespace's label has to be known before `reviewPod` is called. */
export function podReviewNeedsDefault(request: AdmissionRequest): boolean {
  if (request.namespace === undefined || request.namespace === '') return false;
  const review = classifyPodReview(request);
  if (review === 'create')
    return needsNamespaceDefault({ pod: request.object, namespace: request.namespace });
  return review === 'ephemeral' && ephemeralNeedsNamespaceDefault(request.object);
}

/** The answer of `/mutate/pods`. */
export function reviewPod(request: AdmissionRequest, namespaceDefault: string | undefined): AdmissionAnswer {
  const { object, oldObject, namespace } = request;
  const review = classifyPodReview(request);
  if (review === 'ephemeral') return decideEphemeral({ pod: object, oldPod: oldObject, namespaceDefault });
  if (review === 'other')
    return answer(skip('NotRequested', 'nothing is injected into this kind of request'));
  if (object === undefined || object === null) return refuseMissingObject();
  const decision = decidePod({ pod: object, namespace, namespaceDefault });
  return answer(decision, decision.decision === 'inject' ? planPatch(object, decision.plan) : []);
}

function answer(
  { decision, reason, message, warnings }: Decision,
  operations: readonly PatchOperation[] = [],
): AdmissionAnswer {
  return { allowed: decision !== 'deny', decision, reason, message, warnings, operations };
}

function refuseMissingObject(): AdmissionAnswer {
  return {
    allowed: false,
    decision: 'deny',
    reason: 'NoContainers',
    message: 'the review creates a pod, but has no object: send the pod as request.object',
    warnings: [],
    operations: [],
  };
}
