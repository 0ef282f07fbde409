import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { EXCLUDED_NAMESPACES } from '../resources/names.ts';
import type { JsonObject } from '../resources/json.ts';
import { areTooLarge } from './annotation-size.ts';
import { isOptedOut, readAnnotationValues } from './annotations.ts';
import { followWorkload, type TemplateChanges } from './follow-workload.ts';
import type { Decision } from './decision.ts';
import { annotationsOf } from './pod-shape.ts';
import { changedAnnotations, hasWritableAnnotations, templatePatch } from './template-patch.ts';
import { decideTemplate, warnFixedTemplate } from './template-warnings.ts';
import { Warnings } from './warnings.ts';
import {
  findWorkloadKind,
  hasController,
  templateOf,
  templatePointer,
  type WorkloadKind,
} from './workload-kinds.ts';

/** The default of the workload's namespace, where it could be had. */
export type KnownDefault =
  { readonly known: true; readonly value?: string | undefined } | { readonly known: false };

/** Whether the namespace's label has to be known before `reviewWorkload` is called, for its warnings to be right. */
export function workloadReviewNeedsDefault(request: AdmissionRequest): boolean {
  if (request.namespace === undefined || request.namespace === '') return false;
  const workload = readWorkload(request);
  const values = workload === undefined ? undefined : readAnnotationValues(workload.annotations);
  return values !== undefined && values.token === undefined && !isOptedOut(values);
}

/**
 * The answer of `/mutate/workloads`, always allowed: the workload's annotations go to its pod template, or are taken
 * back from it, and the person who writes the workload is warned of what its pods will meet.
 */
export function reviewWorkload(request: AdmissionRequest, namespaceDefault: KnownDefault): AdmissionAnswer {
  const workload = readWorkload(request);
  if (workload === undefined) return skipped('nothing is injected into this kind of request');
  const { kind, template, follow } = workload;
  const warnings = new Warnings();
  if (workload.tooLarge) {
    warnings.add(
      'notCopied',
      `annotations of this ${kind.kind} are too large to be copied to its pod template`,
    );
  }
  if (workload.fixed) warnFixedTemplate(request.object, request.oldObject, warnings);
  const { object, namespace } = request;
  const decision = namespaceDefault.known
    ? decideTemplate({ ...workload, object, namespace, namespaceDefault: namespaceDefault.value }, warnings)
    : undefined;
  const operations = templatePatch(template, templatePointer(kind), follow.changes);
  const told = {
    allowed: true,
    warnings: decision === undefined || decision.reason === 'NoContainers' ? [] : warnings.list(),
    operations,
  };
  if (operations.length === 0) return { ...told, ...outcomeWithoutPatch(decision) };
  const message = `the pod template follows the annotations of the ${kind.kind}`;
  return { ...told, decision: 'inject', reason: 'Injected', message };
}

/** Without a patch the decision is the one about the template's pods. */
function outcomeWithoutPatch(
  decision: Decision | undefined,
): Pick<AdmissionAnswer, 'decision' | 'reason' | 'message'> {
  if (decision === undefined)
    return { decision: 'skip', reason: 'NotRequested', message: 'the namespace is not known' };
  if (decision.decision !== 'inject')
    return { decision: 'skip', reason: decision.reason, message: decision.message };
  return { decision: 'skip', reason: 'AlreadyInjected', message: 'the pod template has its annotations' };
}

function skipped(message: string): AdmissionAnswer {
  return { allowed: true, decision: 'skip', reason: 'NotRequested', message, warnings: [], operations: [] };
}

interface Workload {
  readonly kind: WorkloadKind;
  readonly template: JsonObject;
  readonly follow: TemplateChanges;
  /** Of the template, as they will be. */
  readonly annotations: JsonObject | undefined;
  /** Whether the template cannot be changed any more. */
  readonly fixed: boolean;
  /** Whether nothing is copied since the API server would refuse a template with all of it. */
  readonly tooLarge: boolean;
}

const FOLLOWS_NOTHING: TemplateChanges = { changes: new Map(), differing: [] };

/** `undefined` for what is none of our business, or of a shape that the API server refuses. */
function readWorkload({
  operation,
  resource,
  kind: name,
  subResource,
  namespace,
  object,
}: AdmissionRequest): Workload | undefined {
  if (subResource !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  if (namespace !== undefined && EXCLUDED_NAMESPACES.includes(namespace)) return undefined;
  const kind = findWorkloadKind(resource, name);
  const template = kind === undefined ? undefined : templateOf(kind, object);
  if (kind === undefined || template === undefined || hasController(object)) return undefined;
  const [own, present] = [annotationsOf(object), annotationsOf(template)];
  const readable = readAnnotationValues(own) !== undefined && readAnnotationValues(present) !== undefined;
  if (!readable || !hasWritableAnnotations(template)) return undefined;
  const fixed = kind.templateFixed && operation === 'UPDATE';
  const common = { kind, template, fixed };
  const follow = fixed ? FOLLOWS_NOTHING : followWorkload(own, present);
  const annotations = changedAnnotations(template, follow.changes);
  if (follow.changes.size === 0 || !areTooLarge(annotations)) {
    return { ...common, follow, annotations, tooLarge: false };
  }
  return { ...common, follow: FOLLOWS_NOTHING, annotations: present, tooLarge: true };
}
