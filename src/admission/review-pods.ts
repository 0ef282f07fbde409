import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { isExcluded } from '../resources/excluded-namespaces.ts';
import { NAMESPACE_DEFAULT_LABEL } from '../resources/names.ts';
import { MAX_DNS_LABEL } from '../resources/object-name.ts';
import type { Result } from '../resources/result.ts';
import { allowed, denied, errored, erroredButAllowed, patched } from './answer.ts';
import type { AnnotationValues } from './annotations/annotation-values.ts';
import { decidePod } from './decide-pod.ts';
import type { Decision, SkipDecision } from './decision.ts';
import { decideEphemeral, readEphemeral } from './decide-ephemeral.ts';
import { writePatch } from './patch.ts';
import { namespaceInQuestion, readPod } from './read-pod.ts';
import type { Review } from './review.ts';
import { quote } from './text.ts';
import { mostUseful } from './warnings.ts';

/**
 * Reads a review of `/mutate/pods`.
 * @param ownNamespace the one that jwt-injector is in, whose pods are left alone.
 */
export function readPodReview(request: AdmissionRequest, ownNamespace: string): Review {
  const { object, oldObject, namespace } = request;
  const kind = isExcluded(namespace, ownNamespace) ? 'other' : classify(request);
  if (kind === 'other')
    return answered(allowed('NotRequested', 'nothing is injected into this kind of request'));
  if (kind === 'ephemeral') {
    const pod = readEphemeral(object, oldObject);
    return decidedBy(request, pod, (defaultToken) => decideEphemeral(pod, defaultToken));
  }
  if (object === undefined || object === null) {
    const message = 'the review creates a pod, but has no object: send the pod as request.object';
    return answered(denied('NoContainers', message));
  }
  const pod = readPod({ pod: object, namespace, ownNamespace });
  return decidedBy(request, pod, (defaultToken) => decidePod(pod, defaultToken));
}

/** The answer to a review of `/mutate/pods` when something failed: a new pod must not start without its token. */
export function failPodReview(request: AdmissionRequest, message: string): AdmissionAnswer {
  return classify(request) === 'create' ? errored(message) : erroredButAllowed(message);
}

/** The reviews that can lead to something; every other is allowed and gets no patch. */
function classify({
  operation,
  resource,
  kind,
  subResource,
}: AdmissionRequest): 'create' | 'ephemeral' | 'other' {
  if (resource.group !== '' || !isNamedByHand(resource.resource || kind)) return 'other';
  if (operation === 'CREATE' && subResource === '') return 'create';
  return operation === 'UPDATE' && subResource === 'ephemeralcontainers' ? 'ephemeral' : 'other';
}

/** A review made by hand may have only its kind, or the singular. */
function isNamedByHand(name: string): boolean {
  return ['pod', 'pods'].includes(name.toLowerCase());
}

function answered(answer: AdmissionAnswer): Review {
  return { defaultOf: undefined, answer: () => answer };
}

function decidedBy(
  request: AdmissionRequest,
  pod: Result<{ readonly values: AnnotationValues }, SkipDecision>,
  decide: (defaultToken: string | undefined) => Decision,
): Review {
  const { object, namespace } = request;
  return {
    defaultOf: namespaceInQuestion(pod, namespace),
    answer: (namespaceDefault) =>
      namespaceDefault.known
        ? answerOf(decide(namespaceDefault.token), object)
        : failPodReview(request, explainUnknownDefault(namespace)),
  };
}

function answerOf(decision: Decision, pod: unknown): AdmissionAnswer {
  const { reason, message } = decision;
  const warnings = mostUseful(decision.warnings);
  if (decision.decision === 'inject') return patched(message, writePatch(pod, decision.plan), warnings);
  return decision.decision === 'deny'
    ? denied(reason, message, warnings)
    : allowed(reason, message, warnings);
}

function explainUnknownDefault(namespace = ''): string {
  return `label ${NAMESPACE_DEFAULT_LABEL} of namespace ${quote(namespace, MAX_DNS_LABEL)} could not be read: try again`;
}
