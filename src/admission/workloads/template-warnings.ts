import { member, objectMember } from '../../resources/json.ts';
import { INJECTION_ANNOTATIONS, MANAGED_BY_LABEL, PREFIX } from '../../resources/names.ts';
import { checkAnnotationKeys, checkLabelKeys, INJECTION_KEYS } from '../annotations/annotation-keys.ts';
import type { Decision } from '../decision.ts';
import type { TemplateChanges } from './follow-workload.ts';
import { annotationsOf } from '../pod-shape.ts';
import type { ReadWorkload } from './read-workload.ts';
import { warnOfServiceAccountMount } from '../service-account.ts';
import { quote } from '../text.ts';
import { MAX_WARNING_LENGTH, NO_WARNINGS, type Warning } from '../warnings.ts';
import type { WorkloadKind } from './workload-kinds.ts';

/**
 * Describes the injection into the template's pods, as warnings to the person who writes the workload: the pods themselves are
 * made by a controller, whose warnings nobody reads. `decision` is the one about the pods; its own warnings are not among these.
 * @param oldObject the workload as it was, where it exists already.
 */
export function warnOfTemplate(
  read: ReadWorkload,
  decision: Decision,
  oldObject?: unknown,
): readonly Warning[] {
  if (decision.reason === 'NoContainers') return NO_WARNINGS; // the API server says more about it than we could
  const { kind, object, template } = read;
  const metadata = objectMember(object, 'metadata');
  return [
    ...warnOfDenial(kind, decision),
    ...warnOfServiceAccountMount(`pods of this ${kind.kind}`, template, decision),
    ...warnOfWithheld(read, oldObject),
    ...warnOfDifferences(read),
    ...warnOfRemoval(read),
    ...checkAnnotationKeys(objectMember(metadata, 'annotations'), { isWorkload: true }),
    ...checkLabelKeys(objectMember(metadata, 'labels')),
    ...(kind.kind === 'CronJob' ? checkJobTemplate(object) : NO_WARNINGS),
  ];
}

function warnOfDenial({ kind }: WorkloadKind, decision: Decision): readonly Warning[] {
  if (decision.decision !== 'deny') return NO_WARNINGS;
  const { what, remedy } = decision.problem;
  const [full, short] = [
    `pods of this ${kind} will be refused: ${what}`,
    `its pods will be refused: ${what}`,
  ];
  return [
    { kind: 'refused', text: firstToFit(full, brief(full), brief(short)) },
    {
      kind: 'remedy',
      text: firstToFit(`to have them admitted: ${remedy}`, `to have them admitted: ${brief(remedy)}`),
    },
  ];
}

/** The names at the end of a message say more than the prefix of our annotations. */
function brief(message: string): string {
  return message.replaceAll(PREFIX, '…/');
}

function firstToFit(text: string, second: string, ...more: readonly string[]): string {
  return [text, second, ...more].find(({ length }) => length <= MAX_WARNING_LENGTH) ?? second;
}

function warnOfDifferences({ kind, object, template, follow }: ReadWorkload): readonly Warning[] {
  return follow.differing.map((key) => {
    const [own, present] = [annotationsOf(object), annotationsOf(template)].map((owner) =>
      quote(String(member(owner, key)), 16),
    );
    const text = `${key} of the pod template: ${present} wins over ${own} of the ${kind.kind}`;
    return { kind: 'templateDiffers', text };
  });
}

/**
 * Helm, unless it applies on the server, does not send a value that is there already, and does not say what its chart has: so
 * a value that moved from the workload to its template looks like a copy whose original is gone.
 */
function warnOfRemoval({ object, follow }: ReadWorkload): readonly Warning[] {
  const labels = objectMember(objectMember(object, 'metadata'), 'labels');
  const key = INJECTION_ANNOTATIONS.token;
  const isRemoved = follow.changes.has(key) && follow.changes.get(key) === undefined;
  if (!isRemoved || member(labels, MANAGED_BY_LABEL) !== 'Helm') return NO_WARNINGS;
  const text = `${key} of the pod template, a copy, is removed: upgrade again if the chart has it there`;
  return [{ kind: 'copyRemoved', text }];
}

/** Between the CronJob's annotations and its pod template's there is a place where none have an effect. */
function checkJobTemplate(object: unknown): readonly Warning[] {
  const annotations = annotationsOf(objectMember(objectMember(object, 'spec'), 'jobTemplate'));
  return INJECTION_KEYS.filter((key) => member(annotations, key) !== undefined).map((key) => ({
    kind: 'misplaced',
    text: `annotation ${key} has no effect on spec.jobTemplate.metadata: put it on the CronJob`,
  }));
}

function warnOfWithheld({ kind, object, withheld }: ReadWorkload, oldObject: unknown): readonly Warning[] {
  if (withheld === undefined) return NO_WARNINGS;
  if (withheld.why === 'fixed') return warnOfFixedTemplate(object, oldObject, withheld.follow);
  const text = `annotations of this ${kind.kind} are too large to be copied to its pod template`;
  return [{ kind: 'notCopied', text }];
}

/** An annotation of a Job comes too late once its pods are made, unless they have its value anyway. */
function warnOfFixedTemplate(
  object: unknown,
  oldObject: unknown,
  { changes, differing }: TemplateChanges,
): readonly Warning[] {
  const [own, old] = [annotationsOf(object), annotationsOf(oldObject)];
  const changed = INJECTION_KEYS.find(
    (key) => member(own, key) !== member(old, key) && (changes.has(key) || differing.includes(key)),
  );
  if (changed === undefined) return NO_WARNINGS;
  const hint = mayStillChange(oldObject)
    ? 'is copied when a Job is created: annotate its pod template too'
    : "changes nothing now, a Job's pod template is fixed: create the Job again";
  return [{ kind: 'templateFixed', text: `${changed} ${hint}` }];
}

/** Kubernetes API: the template's annotations of a suspended Job can be changed until it has been started once. */
function mayStillChange(job: unknown): boolean {
  const isSuspended = member(objectMember(job, 'spec'), 'suspend') === true;
  return isSuspended && (member(objectMember(job, 'status'), 'startTime') ?? null) === null;
}
