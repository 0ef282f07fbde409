import { pointerTo, type PatchOperation } from '../../resources/json-patch.ts';
import type { JsonObject } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { areTooLarge } from '../annotations/annotation-text.ts';
import { readAnnotationValues } from '../annotations/annotation-values.ts';
import { skipPod, type SkipDecision } from '../decision.ts';
import { followWorkload, type TemplateChanges } from './follow-workload.ts';
import { annotationsOf } from '../pod-shape.ts';
import { readPod, skipExcluded, type ReadPod } from '../read-pod.ts';
import { findUserKeys } from './template-writers.ts';
import { changedAnnotations, hasWritableAnnotations, templatePatch } from './template-patch.ts';
import { claimNames, hasController, templateOf, type WorkloadKind } from './workload-kinds.ts';

/** A workload of a review, or of a file. */
export interface WorkloadInput {
  readonly kind: WorkloadKind;
  /** The whole workload, raw JSON. */
  readonly object: unknown;
  /** Whether it exists already: the pod template of a Job is fixed then. */
  readonly isUpdate: boolean;
  /** The namespace of the workload, as `PodInput` has it. */
  readonly namespace: string | undefined;
  /** As in `PodInput`. */
  readonly ownNamespace?: string | undefined;
}

/** A workload with its pod template as it will be. */
export interface ReadWorkload {
  readonly kind: WorkloadKind;
  readonly object: unknown;
  /** The template as it is. */
  readonly template: JsonObject;
  /** The changes that are written to the template. */
  readonly follow: TemplateChanges;
  /** The changes that would be written, and are not. */
  readonly withheld?: { readonly why: 'fixed' | 'tooLarge'; readonly follow: TemplateChanges };
  /** The parts that `decidePod` needs of the pods that are made from the template. */
  readonly pod: Result<ReadPod, SkipDecision>;
}

/**
 * Reads a workload once, with the changes of its template's annotations; or why it is left alone. A shape that the API server
 * refuses is left to its better message.
 */
export function readWorkload(input: WorkloadInput): Result<ReadWorkload, SkipDecision> {
  const { kind, object, isUpdate, namespace, ownNamespace } = input;
  const template = templateOf(kind, object);
  if (template === undefined) return fail(skipPod('NoContainers', 'it has no pod template'));
  const excluded = skipExcluded(namespace, ownNamespace);
  if (excluded !== undefined) return fail(excluded);
  if (hasController(object)) return fail(skipPod('NotRequested', 'a controller owns it'));
  const [own, present] = [annotationsOf(object), annotationsOf(template)];
  const isReadable = readAnnotationValues(own) !== undefined && readAnnotationValues(present) !== undefined;
  if (!isReadable || !hasWritableAnnotations(template))
    return fail(
      skipPod('NotRequested', 'left to the API server: an annotation is not a string, or too long'),
    );
  const wanted = followWorkload(own, present, findUserKeys(kind, object));
  const why = kind.templateFixed && isUpdate ? 'fixed' : whyTooLarge(template, wanted);
  const follow = why === undefined ? wanted : FOLLOWS_NOTHING;
  const claims = kind.kind === 'StatefulSet' ? claimNames(object) : [];
  const annotations = changedAnnotations(template, follow.changes);
  const pod = readPod({ pod: template, annotations, claims, namespace, ownNamespace });
  const read = { kind, object, template, follow, pod };
  return ok(why === undefined ? read : { ...read, withheld: { why, follow: wanted } });
}

const FOLLOWS_NOTHING: TemplateChanges = { changes: new Map(), differing: [] };

function whyTooLarge(template: JsonObject, { changes }: TemplateChanges): 'tooLarge' | undefined {
  return changes.size > 0 && areTooLarge(changedAnnotations(template, changes)) ? 'tooLarge' : undefined;
}

/** Writes the template's annotations as they will be. `path` leads to the workload. */
export function copyingPatch(
  { kind, template, follow }: ReadWorkload,
  path: readonly string[] = [],
): readonly PatchOperation[] {
  return templatePatch(template, pointerTo([...path, ...kind.template]), follow.changes);
}
