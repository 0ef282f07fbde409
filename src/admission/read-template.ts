import type { JsonObject } from '../resources/json.ts';
import type { Result } from '../resources/result.ts';
import type { SkipDecision } from './decision.ts';
import type { TemplateChanges } from './follow-workload.ts';
import { readPod, type ReadPod } from './read-pod.ts';
import { changedAnnotations } from './template-patch.ts';
import { claimNames, type WorkloadKind } from './workload-kinds.ts';

/** A workload with its pod template as it is, raw JSON. */
export interface TemplateInput {
  readonly kind: WorkloadKind;
  /** The whole workload. */
  readonly object: unknown;
  readonly template: JsonObject;
  /** Of the workload. */
  readonly namespace: string | undefined;
  /** As in `PodInput`. */
  readonly ownNamespace?: string | undefined;
}

/** A workload with its pod template as it will be. */
export interface ReadTemplate extends TemplateInput {
  readonly follow: TemplateChanges;
  /** What `decidePod` needs to know of the pods that are made from the template. */
  readonly pod: Result<ReadPod, SkipDecision>;
}

/** Reads the pod template of a workload once, with the changes of its annotations. */
export function readTemplate(input: TemplateInput, follow: TemplateChanges): ReadTemplate {
  const { kind, object, template, namespace, ownNamespace } = input;
  const claims = kind.kind === 'StatefulSet' ? claimNames(object) : [];
  const annotations = changedAnnotations(template, follow.changes);
  return { ...input, follow, pod: readPod({ pod: template, annotations, claims, namespace, ownNamespace }) };
}
