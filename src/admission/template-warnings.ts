import { member, objectMember, type JsonObject } from '../resources/json.ts';
import { checkAnnotationKeys, checkLabelKeys, INJECTION_KEYS } from './annotation-keys.ts';
import type { TemplateChanges } from './follow-workload.ts';
import { decidePod } from './decide-pod.ts';
import type { Decision } from './decision.ts';
import { annotationsOf } from './pod-shape.ts';
import type { Warnings } from './warnings.ts';
import { quote } from './text.ts';
import { claimNames, type WorkloadKind } from './workload-kinds.ts';

export interface TemplateInput {
  readonly kind: WorkloadKind;
  /** The whole workload. */
  readonly object: unknown;
  readonly template: JsonObject;
  readonly follow: TemplateChanges;
  /** Of the template, as they will be. */
  readonly annotations: JsonObject | undefined;
  readonly namespace: string | undefined;
  readonly namespaceDefault: string | undefined;
}

/**
 * What the template's pods will meet, told to the person who writes the workload: the pods themselves are made by a
 * controller, whose warnings nobody reads.
 */
export function decideTemplate(input: TemplateInput, warnings: Warnings): Decision {
  const { kind, object, template, follow, annotations, namespace, namespaceDefault } = input;
  const claims = kind.kind === 'StatefulSet' ? claimNames(object) : [];
  const decision = decidePod({ pod: template, annotations, claims, namespace, namespaceDefault }, warnings);
  if (decision.reason === 'NoContainers') return decision; // the API server will say more than we could
  if (decision.decision === 'deny') {
    warnings.add('refused', `pods of this ${kind.kind} will be refused: ${decision.problem.what}`);
    warnings.add('remedy', `to have them admitted: ${decision.problem.remedy}`);
  }
  for (const key of follow.differing) {
    const [own, present] = [annotationsOf(object), annotationsOf(template)].map((owner) =>
      member(owner, key),
    );
    const values = `${quote(String(present), 16)} wins over ${quote(String(own), 16)} of the ${kind.kind}`;
    warnings.add('templateDiffers', `${key} of the pod template: ${values}`);
  }
  const metadata = objectMember(object, 'metadata');
  checkAnnotationKeys(objectMember(metadata, 'annotations'), warnings, false);
  checkLabelKeys(objectMember(metadata, 'labels'), warnings);
  if (kind.kind === 'CronJob') checkJobTemplate(object, warnings);
  return decision;
}

/** Between the CronJob's annotations and its pod template's there is a place where none are looked at. */
function checkJobTemplate(object: unknown, warnings: Warnings): void {
  const annotations = annotationsOf(objectMember(objectMember(object, 'spec'), 'jobTemplate'));
  for (const key of INJECTION_KEYS) {
    if (member(annotations, key) !== undefined) {
      warnings.add(
        'misplaced',
        `annotation ${key} has no effect on spec.jobTemplate.metadata: put it on the CronJob`,
      );
    }
  }
}

/** An annotation of a Job comes too late once its pods are made. */
export function warnFixedTemplate(object: unknown, oldObject: unknown, warnings: Warnings): void {
  const [own, old] = [annotationsOf(object), annotationsOf(oldObject)];
  const changed = INJECTION_KEYS.find((key) => member(own, key) !== member(old, key));
  if (changed === undefined) return;
  const hint = mayStillChange(oldObject)
    ? 'is copied when a Job is created: annotate its pod template too'
    : "changes nothing now, a Job's pod template is fixed: create the Job again";
  warnings.add('templateFixed', `${changed} ${hint}`);
}

/** Kubernetes API: the template's annotations of a suspended Job can be changed until it has been started once. */
function mayStillChange(job: unknown): boolean {
  const isSuspended = member(objectMember(job, 'spec'), 'suspend') === true;
  return isSuspended && (member(objectMember(job, 'status'), 'startTime') ?? null) === null;
}
