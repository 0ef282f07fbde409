import { groupOfApiVersion } from '../../resources/api-group.ts';
import { pointerTo, readPatch, type PatchOperation } from '../../resources/json-patch.ts';
import { member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { INJECTION_KEYS } from '../../admission/annotations/annotation-keys.ts';
import { decidePod } from '../../admission/decide-pod.ts';
import { skipPod, type Decision } from '../../admission/decision.ts';
import { writePatch } from '../../admission/patch.ts';
import { annotationsOf } from '../../admission/pod-shape.ts';
import {
  findTemplates,
  nameContainers,
  type FoundTemplate,
} from '../../admission/workloads/pod-templates.ts';
import { readPod } from '../../admission/read-pod.ts';
import { copyingPatch, readWorkload } from '../../admission/workloads/read-workload.ts';
import { warnOfServiceAccountMount } from '../../admission/service-account.ts';
import { warnOfTemplate } from '../../admission/workloads/template-warnings.ts';
import { refuseUnquoted } from '../../admission/annotations/unquoted.ts';
import { NO_WARNINGS, type Warning } from '../../admission/warnings.ts';
import { findWorkloadKind, templateOf, type WorkloadKind } from '../../admission/workloads/workload-kinds.ts';
import { listObjects, type ListedObject, type OfflineDefault } from '../input/documents.ts';
import type { EditableDocument } from '../yaml/editable-document.ts';

/** The offline injection into one pod, or pod template, of a file. */
export interface OfflineInjection {
  readonly kind: string;
  readonly name: string;
  /** The path from the root of the document to the object; empty for an object that is a document itself. */
  readonly path: readonly string[];
  /** The path from the object to its pod template; empty for a pod. */
  readonly template: readonly string[];
  readonly decision: Decision;
  /**
   * The operations from the root of the document. They write volumes, mounts and env vars, in a workload into its pod template.
   */
  readonly operations: readonly PatchOperation[];
  /** The operations of the webhook for workloads, from there, too: annotations of a pod template. */
  readonly copying: readonly PatchOperation[];
}

/** As `injectObject`, for all objects of a document. */
export function injectDocument(
  document: Pick<EditableDocument, 'value' | 'written'>,
  defaultTokenOf: OfflineDefault,
): readonly OfflineInjection[] {
  return listObjects(document).flatMap((listed) => injectObject(listed, defaultTokenOf));
}

/**
 * The webhook's decisions on the pod or the pod templates of an object, without a cluster. A workload gets the injection
 * of its pods, not the annotations: that serves clusters without the webhook, and where there is one, it has nothing left
 * to do. An object without a pod template gives nothing, or a decision to skip it if it asks for a token.
 */
export function injectObject(
  listed: ListedObject,
  defaultTokenOf: OfflineDefault,
): readonly OfflineInjection[] {
  const { object } = listed;
  const kind = stringMember(object, 'kind') ?? '';
  const group = groupOfApiVersion(stringMember(object, 'apiVersion') ?? '');
  const named = nameObject(listed, kind, defaultTokenOf);
  if (group === '' && kind === 'Pod') return [injectPod(named)];
  const workload = findWorkloadKind({ group, resource: '' }, kind);
  if (workload !== undefined) return [injectWorkload(named, workload)];
  const templates = findTemplates(object);
  if (templates.length > 0) return templates.map((found) => injectTemplate(named, found));
  return asks(object) ? [reportInjection(named, [], WITHOUT_TEMPLATE, object)] : [];
}

/** An object with all that a decision about its pods needs. */
interface NamedObject extends ListedObject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly defaultToken: string | undefined;
}

function nameObject(listed: ListedObject, kind: string, defaultTokenOf: OfflineDefault): NamedObject {
  const metadata = objectMember(listed.object, 'metadata');
  const name = stringMember(metadata, 'name') ?? stringMember(metadata, 'generateName') ?? '';
  const namespace = stringMember(metadata, 'namespace');
  return { ...listed, kind, name, namespace, defaultToken: defaultTokenOf(namespace) };
}

function reportInjection(
  { kind, name, path }: NamedObject,
  template: readonly string[],
  decision: Decision,
  pod: unknown,
  copying: readonly PatchOperation[] = [],
): OfflineInjection {
  const pointer = pointerTo([...path, ...template]);
  const operations = decision.decision === 'inject' ? readPatch(writePatch(pod, decision.plan, pointer)) : [];
  return { kind, name, path, template, decision, operations, copying };
}

const WITHOUT_TEMPLATE = skipPod('NoContainers', 'skipped: it has no pod template, as a patch has none');

/** Whether the object itself carries an annotation of ours. */
function asks(object: unknown): boolean {
  const annotations = annotationsOf(object);
  return INJECTION_KEYS.some((key) => member(annotations, key) !== undefined);
}

const ANNOTATIONS = ['metadata', 'annotations'];

function injectPod(named: NamedObject): OfflineInjection {
  const { object, namespace, defaultToken, written } = named;
  const problem = refuseUnquoted(annotationsOf(object), ANNOTATIONS, written);
  const decision = problem ?? decidePod(readPod({ pod: object, namespace }), defaultToken);
  const more = warnOfServiceAccountMount('this pod', object, decision);
  return reportInjection(named, [], { ...decision, warnings: [...decision.warnings, ...more] }, object);
}

function injectWorkload(named: NamedObject, kind: WorkloadKind): OfflineInjection {
  const { object, path, namespace, defaultToken } = named;
  const template = templateOf(kind, object);
  if (template === undefined) return reportInjection(named, kind.template, WITHOUT_TEMPLATE, undefined);
  const refusal = refuseAnnotations(named, kind.template, template);
  if (refusal !== undefined) return reportInjection(named, kind.template, refusal, template);
  const read = readWorkload({ kind, object, isUpdate: false, namespace });
  if (!read.ok) return reportInjection(named, kind.template, read.problem, template);
  const copying = copyingPatch(read.value, path);
  const decision = decidePod(read.value.pod, defaultToken);
  if (decision.decision === 'deny') return reportInjection(named, kind.template, decision, template, copying);
  const warnings = [...decision.warnings, ...warnOfTemplate(read.value, decision)];
  return reportInjection(named, kind.template, { ...decision, warnings }, template, copying);
}

function refuseAnnotations(
  { object, written }: NamedObject,
  path: readonly string[],
  template: JsonObject,
): Decision | undefined {
  return (
    refuseUnquoted(annotationsOf(object), ANNOTATIONS, written) ??
    refuseUnquoted(annotationsOf(template), [...path, ...ANNOTATIONS], written)
  );
}

/** Injects into a kind that the webhook never sees: only its pods, so only the words of the template count. */
function injectTemplate(named: NamedObject, { path, template }: FoundTemplate): OfflineInjection {
  const { object, kind, namespace, defaultToken } = named;
  const own = INJECTION_KEYS.find((key) => member(annotationsOf(object), key) !== undefined);
  const pod = nameContainers(template);
  const decision =
    refuseAnnotations(named, path, template) ?? decidePod(readPod({ pod, namespace }), defaultToken);
  const warnings = [
    ...warnOfOwn(own, kind, path),
    ...decision.warnings,
    ...warnOfServiceAccountMount(`pods of this ${kind}`, template, decision),
  ];
  return reportInjection(named, path, { ...decision, warnings }, template);
}

function warnOfOwn(key: string | undefined, kind: string, path: readonly string[]): readonly Warning[] {
  if (key === undefined) return NO_WARNINGS;
  const text = `annotation ${key} has no effect on a ${kind}: put it on ${path.join('.')}.metadata`;
  return [{ kind: 'misplaced', text }];
}
