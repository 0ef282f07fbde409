import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { isExcluded } from '../resources/excluded-namespaces.ts';
import type { PatchOperation } from '../resources/json-patch.ts';
import { APP } from '../resources/names.ts';
import type { NamespaceDefault } from '../resources/namespace-default.ts';
import { areTooLarge } from './annotation-size.ts';
import { readAnnotationValues } from './annotations.ts';
import { allowed, patched } from './answer.ts';
import { decidePod } from './decide-pod.ts';
import type { Decision } from './decision.ts';
import { followWorkload, type TemplateChanges } from './follow-workload.ts';
import { annotationsOf } from './pod-shape.ts';
import { needsNamespaceDefault } from './read-pod.ts';
import { readTemplate, type ReadTemplate, type TemplateInput } from './read-template.ts';
import type { Review } from './review.ts';
import { changedAnnotations, hasWritableAnnotations, templatePatch } from './template-patch.ts';
import { warnOfFixedTemplate, warnOfTemplate } from './template-warnings.ts';
import { mostUseful, NO_WARNINGS, type Warning } from './warnings.ts';
import { findWorkloadKind, hasController, templateOf, templatePointer } from './workload-kinds.ts';

/**
 * Reads a review of `/mutate/workloads`. Its answer always allows: the workload's annotations go to its pod template, or
 * are taken back from it, and the person who writes the workload is warned of what will happen to its pods. Where
 * the default of the namespace could not be read, there are no warnings.
 * @param ownNamespace the one that jwt-injector is in, whose workloads are left alone.
 */
export function readWorkloadReview(request: AdmissionRequest, ownNamespace: string): Review {
  const workload = readWorkload(request, ownNamespace);
  if (workload === undefined) {
    const answer = allowed('NotRequested', 'nothing is injected into this kind of request');
    return { defaultOf: undefined, answer: () => answer };
  }
  const { namespace = '' } = request;
  return {
    defaultOf: namespace !== '' && needsNamespaceDefault(workload.template.pod) ? namespace : undefined,
    answer: (namespaceDefault) => answerWorkload(workload, namespaceDefault),
  };
}

/** Of the same review, what it writes to the pod template, without a decision about its pods. */
export function copyAnnotations(request: AdmissionRequest, ownNamespace = APP): readonly PatchOperation[] {
  const following = readFollowing(request, ownNamespace);
  return following === undefined ? [] : copyingPatch(following.input, following.follow);
}

function copyingPatch(
  { kind, template }: TemplateInput,
  { changes }: TemplateChanges,
): readonly PatchOperation[] {
  return templatePatch(template, templatePointer(kind), changes);
}

interface Workload {
  readonly template: ReadTemplate;
  /** About what is not copied. */
  readonly warnings: readonly Warning[];
}

function readWorkload(request: AdmissionRequest, ownNamespace: string): Workload | undefined {
  const following = readFollowing(request, ownNamespace);
  if (following === undefined) return undefined;
  const { input, follow, warnings } = following;
  return { template: readTemplate(input, follow), warnings };
}

/** A workload, and how its pod template has to change. */
interface Following {
  readonly input: TemplateInput;
  readonly follow: TemplateChanges;
  /** As in `Workload`. */
  readonly warnings: readonly Warning[];
}

/** `undefined` for what does not concern us, or has a shape that the API server refuses. */
function readFollowing(request: AdmissionRequest, ownNamespace: string): Following | undefined {
  const { operation, subResource, namespace, object, oldObject } = request;
  if (subResource !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  if (isExcluded(namespace, ownNamespace)) return undefined;
  const kind = findWorkloadKind(request.resource, request.kind);
  const template = kind === undefined ? undefined : templateOf(kind, object);
  if (kind === undefined || template === undefined || hasController(object)) return undefined;
  const [own, present] = [annotationsOf(object), annotationsOf(template)];
  const isReadable = readAnnotationValues(own) !== undefined && readAnnotationValues(present) !== undefined;
  if (!isReadable || !hasWritableAnnotations(template)) return undefined;
  const isFixed = kind.templateFixed && operation === 'UPDATE';
  const input = { kind, object, template, namespace, ownNamespace };
  const wanted = isFixed ? FOLLOWS_NOTHING : followWorkload(own, present);
  if (wanted.changes.size > 0 && areTooLarge(changedAnnotations(template, wanted.changes))) {
    const text = `annotations of this ${kind.kind} are too large to be copied to its pod template`;
    const warnings: readonly Warning[] = [{ kind: 'notCopied', text }];
    return { input, follow: FOLLOWS_NOTHING, warnings };
  }
  const warnings = isFixed ? warnOfFixedTemplate(object, oldObject) : NO_WARNINGS;
  return { input, follow: wanted, warnings };
}

const FOLLOWS_NOTHING: TemplateChanges = { changes: new Map(), differing: [] };

function answerWorkload(
  { template, warnings: found }: Workload,
  namespaceDefault: NamespaceDefault,
): AdmissionAnswer {
  const decision = namespaceDefault.known ? decidePod(template.pod, namespaceDefault.token) : undefined;
  // The API server says more about a wrong shape than we could.
  const isSilent = decision === undefined || decision.reason === 'NoContainers';
  const warnings = isSilent
    ? []
    : mostUseful([...found, ...decision.warnings, ...warnOfTemplate(template, decision)]);
  const operations = copyingPatch(template, template.follow);
  return operations.length > 0
    ? patched(
        `the pod template follows the annotations of the ${template.kind.kind}`,
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
