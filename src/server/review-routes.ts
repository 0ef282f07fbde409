import { errored, erroredButAllowed } from '../admission/answer.ts';
import { failPodReview, readPodReview } from '../admission/review-pods.ts';
import { readWorkloadReview } from '../admission/review-workloads.ts';
import type { Review } from '../admission/review.ts';
import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import type { NamespaceDefault } from '../resources/namespace-default.ts';
import { ANY_REVIEW, JWT_REVIEW, type JsonBounds } from './json-bounds.ts';
import { lookUpWithin, type NamespaceDefaultLookup } from './look-up-within.ts';
import type { Patience } from './patience.ts';

/** One path of the webhook. `patience` is for answers that wait. */
export interface ReviewRoute {
  /** The bounds for the content of its reviews. */
  readonly bounds: JsonBounds;
  readonly answer: (
    request: AdmissionRequest,
    patience: Patience,
  ) => AdmissionAnswer | Promise<AdmissionAnswer>;
  /** The answer when `answer` throws, which would be a bug of ours. */
  readonly failure: (request: AdmissionRequest) => AdmissionAnswer;
}

const INTERNAL = 'jwt-injector failed on this request (an internal error, see its log): try again';
const NO_DEFAULT: NamespaceDefault = { known: true, token: undefined };

/** The settings that answers about pods and workloads depend on, besides the review. */
export interface RouteOptions {
  /** `undefined` where no namespace default is in use. */
  readonly lookUpDefault: NamespaceDefaultLookup | undefined;
  /** The namespace that jwt-injector is in, where nothing is injected. */
  readonly ownNamespace: string;
}

/** `/mutate/pods`: new pods are refused when something fails, so that none starts without its token. */
export function podRoute({ lookUpDefault, ownNamespace }: RouteOptions): ReviewRoute {
  return {
    bounds: ANY_REVIEW,
    answer: answerWith((request) => readPodReview(request, ownNamespace), lookUpDefault),
    failure: (request) => failPodReview(request, INTERNAL),
  };
}

/** `/mutate/workloads`: nothing that fails prevents the workload. */
export function workloadRoute({ lookUpDefault, ownNamespace }: RouteOptions): ReviewRoute {
  return {
    bounds: ANY_REVIEW,
    answer: answerWith((request) => readWorkloadReview(request, ownNamespace), lookUpDefault),
    failure: () => erroredButAllowed(INTERNAL),
  };
}

/** `/validate/jwts`, where it is known how JWTs are judged. */
export function jwtRoute(answer: ReviewRoute['answer']): ReviewRoute {
  return { bounds: JWT_REVIEW, answer, failure: () => errored(INTERNAL) };
}

/** Waits for the default of the namespace only where the answer depends on it. */
function answerWith(
  read: (request: AdmissionRequest) => Review,
  lookUpDefault: NamespaceDefaultLookup | undefined,
): ReviewRoute['answer'] {
  return (request, patience) => {
    const { defaultOf, answer } = read(request);
    if (lookUpDefault === undefined || defaultOf === undefined) return answer(NO_DEFAULT);
    return lookUpWithin(lookUpDefault, defaultOf, patience).then(answer);
  };
}
