import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import type { NamespaceDefault } from '../resources/namespace-default.ts';
import { allowed, patched } from './answer.ts';
import { decidePod } from './decide-pod.ts';
import type { Decision } from './decision.ts';
import { namespaceInQuestion } from './read-pod.ts';
import { copyingPatch, readWorkload, type ReadWorkload } from './workloads/read-workload.ts';
import type { Review } from './review.ts';
import { warnOfTemplate } from './workloads/template-warnings.ts';
import { mostUseful } from './warnings.ts';
import { findWorkloadKind } from './workloads/workload-kinds.ts';

/**
 * Reads a review of `/mutate/workloads`. Its answer always allows: the workload's annotations go to its pod template, or
 * are taken back from it, and the person who writes the workload is warned of what will happen to its pods. Where
 * the default of the namespace could not be read, there are no warnings.
 * @param ownNamespace the one that jwt-injector is in, whose workloads are left alone.
 */
export function readWorkloadReview(request: AdmissionRequest, ownNamespace: string): Review {
  const workload = readReviewed(request, ownNamespace);
  if (workload === undefined) {
    const answer = allowed('NotRequested', 'nothing is injected into this kind of request');
    return { defaultOf: undefined, answer: () => answer };
  }
  const { namespace, oldObject } = request;
  return {
    defaultOf: namespaceInQuestion(workload.pod, namespace),
    answer: (namespaceDefault) => answerWorkload(workload, oldObject, namespaceDefault),
  };
}

/** `undefined` for what does not concern us, or has a shape that the API server refuses. */
function readReviewed(request: AdmissionRequest, ownNamespace: string): ReadWorkload | undefined {
  const { operation, subResource, namespace, object } = request;
  if (subResource !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  const kind = findWorkloadKind(request.resource, request.kind);
  if (kind === undefined) return undefined;
  const isUpdate = operation === 'UPDATE';
  const read = readWorkload({ kind, object, isUpdate, namespace, ownNamespace });
  return read.ok ? read.value : undefined;
}

function answerWorkload(
  workload: ReadWorkload,
  oldObject: unknown,
  namespaceDefault: NamespaceDefault,
): AdmissionAnswer {
  const decision = namespaceDefault.known ? decidePod(workload.pod, namespaceDefault.token) : undefined;
  const warnings =
    decision === undefined
      ? []
      : mostUseful([...decision.warnings, ...warnOfTemplate(workload, decision, oldObject)]);
  const operations = copyingPatch(workload);
  return operations.length > 0
    ? patched(
        `the pod template follows the annotations of the ${workload.kind.kind}`,
        JSON.stringify(operations),
        warnings,
      )
    : answerWithoutPatch(decision, warnings);
}

/** The decision is then the one about the template's pods. */
function answerWithoutPatch(decision: Decision | undefined, warnings: readonly string[]): AdmissionAnswer {
  if (decision === undefined) return allowed('NotRequested', 'the namespace is not known', warnings);
  if (decision.decision !== 'inject') return allowed(decision.reason, decision.message, warnings);
  return allowed('AlreadyInjected', 'the pod template has its annotations', warnings);
}
