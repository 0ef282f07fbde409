import { classifyPodReview, podReviewNeedsDefault, reviewPod } from '../admission/review-pods.ts';
import { reviewWorkload, workloadReviewNeedsDefault } from '../admission/review-workloads.ts';
import { shorten } from '../admission/text.ts';
import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { NAMESPACE_DEFAULT_LABEL } from '../resources/names.ts';
import { ANY_REVIEW, JWT_REVIEW, type JsonBounds } from './json-bounds.ts';
import { lookUpWithin, type NamespaceDefaultLookup } from './namespace-default.ts';

/** One path of the webhook. `timeLeft` gives the milliseconds until the API server gives up, for answers that wait. */
export interface ReviewRoute {
  /** What its reviews may hold. */
  readonly bounds: JsonBounds;
  readonly answer: (
    request: AdmissionRequest,
    timeLeft: () => number,
  ) => AdmissionAnswer | Promise<AdmissionAnswer>;
  /** The answer when `answer` throws, which would be a bug of ours. */
  readonly failure: (request: AdmissionRequest) => AdmissionAnswer;
}

const INTERNAL = 'jwt-injector failed on this request (an internal error, see its log): try again';

/** `/mutate/pods`: new pods are refused when something fails, so that none starts without its token. */
export function podRoute(lookUp: NamespaceDefaultLookup | undefined): ReviewRoute {
  return {
    bounds: ANY_REVIEW,
    failure: (request) => failPod(request, INTERNAL),
    answer: (request, timeLeft) => {
      if (lookUp === undefined || !podReviewNeedsDefault(request)) return reviewPod(request, undefined);
      const namespace = request.namespace ?? '';
      return lookUpWithin(lookUp, namespace, timeLeft()).then((found) =>
        found.ok ? reviewPod(request, found.value) : failPod(request, explainLookup(namespace)),
      );
    },
  };
}

function failPod(request: AdmissionRequest, message: string): AdmissionAnswer {
  return classifyPodReview(request) === 'create' ? refuse(message) : allowWithWarning(message);
}

/** `/mutate/workloads`: never in the way of a workload; without the namespace's default there are fewer warnings. */
export function workloadRoute(lookUp: NamespaceDefaultLookup | undefined): ReviewRoute {
  return {
    bounds: ANY_REVIEW,
    failure: () => allowWithWarning(INTERNAL),
    answer: (request, timeLeft) => {
      if (lookUp === undefined || !workloadReviewNeedsDefault(request))
        return reviewWorkload(request, { known: true });
      return lookUpWithin(lookUp, request.namespace ?? '', timeLeft()).then((found) =>
        reviewWorkload(request, found.ok ? { known: true, value: found.value } : { known: false }),
      );
    },
  };
}

/** `/validate/jwts`: a pure function of the review. */
export function jwtRoute(answer: ReviewRoute['answer']): ReviewRoute {
  return { bounds: JWT_REVIEW, answer, failure: () => refuse(INTERNAL) };
}

function explainLookup(namespace: string): string {
  return `label ${NAMESPACE_DEFAULT_LABEL} of namespace "${namespace}" could not be read: try again`;
}

function refuse(message: string): AdmissionAnswer {
  return { allowed: false, decision: 'deny', reason: 'InternalError', message, warnings: [], operations: [] };
}

function allowWithWarning(message: string): AdmissionAnswer {
  return {
    allowed: true,
    decision: 'skip',
    reason: 'InternalError',
    message,
    warnings: [shorten(message, 120)],
    operations: [],
  };
}
