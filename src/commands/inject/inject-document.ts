import { pointerTo, type PatchOperation } from '../../resources/json-patch.ts';
import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  type JsonObject,
} from '../../resources/json.ts';
import { INJECTION_KEYS } from '../../admission/annotation-keys.ts';
import { followWorkload } from '../../admission/follow-workload.ts';
import { decidePod } from '../../admission/decide-pod.ts';
import { skip, type Decision } from '../../admission/decision.ts';
import { planPatch } from '../../admission/patch.ts';
import { annotationsOf } from '../../admission/pod-shape.ts';
import { findTemplates, nameContainers, type FoundTemplate } from '../../admission/pod-templates.ts';
import { readPod } from '../../admission/read-pod.ts';
import { readTemplate } from '../../admission/read-template.ts';
import { warnOfTemplate } from '../../admission/template-warnings.ts';
import { refuseUnquoted, type Written } from '../../admission/unquoted.ts';
import { NO_WARNINGS, type Warning } from '../../admission/warnings.ts';
import {
  findWorkloadKind,
  hasController,
  templateOf,
  type WorkloadKind,
} from '../../admission/workload-kinds.ts';

/** What happens offline to one pod, or pod template, of a file. */
export interface OfflineInjection {
  readonly kind: string;
  readonly name: string;
  /** Position in the lists around the object, from 0; empty for an object that is a document itself. */
  readonly items: readonly number[];
  /** From the object to its pod template; empty for a pod. */
  readonly template: readonly string[];
  readonly decision: Decision;
  /** From the document's root. They write volumes, mounts and env vars, in a workload into its pod template. */
  readonly operations: readonly PatchOperation[];
}

/** The default of a namespace, as far as a file tells; `undefined` namespace where the object names none. */
export type OfflineDefault = (namespace: string | undefined) => string | undefined;

interface Context {
  readonly namespaceDefault: OfflineDefault;
  readonly written: Written;
}

/**
 * The webhook's decisions on the pods and pod templates of a document, without a cluster. A workload gets its pods'
 * injection, not the annotations: that serves clusters without the webhook, and where there is one, it finds nothing
 * left to do. Objects without a pod template have no entry, unless they ask for a token.
 */
export function injectDocument(
  document: unknown,
  namespaceDefault: OfflineDefault,
  written: Written = () => undefined,
): readonly OfflineInjection[] {
  return [...walk(document, [], { namespaceDefault, written })];
}

function* walk(object: unknown, items: readonly number[], context: Context): Generator<OfflineInjection> {
  const kind = stringMember(object, 'kind') ?? '';
  const [group = ''] = (stringMember(object, 'apiVersion') ?? '').split('/').slice(0, -1);
  const workload = findWorkloadKind({ group, resource: '' }, kind);
  const place = placeOf(object, kind, items, context);
  if (group === '' && kind === 'Pod') yield injectPod(place);
  else if (workload !== undefined) yield injectWorkload(place, workload);
  else if (kind.endsWith('List')) {
    for (const [index, item] of arrayMember(object, 'items').entries()) {
      yield* walk(withKind(item, object), [...items, index], context);
    }
  } else {
    const templates = findTemplates(object);
    for (const found of templates) yield injectTemplate(place, found);
    if (templates.length === 0 && asks(object)) yield entry(place, [], WITHOUT_TEMPLATE, object);
  }
}

/** Items of a `PodList` need not repeat their kind. */
function withKind(item: unknown, list: unknown): unknown {
  const kind = (stringMember(list, 'kind') ?? '').slice(0, -'List'.length);
  if (!isJsonObject(item) || kind === '' || member(item, 'kind') !== undefined) return item;
  return { ...item, kind, apiVersion: member(list, 'apiVersion') };
}

/** An object of a document, with all that a decision about its pods needs. */
interface Place {
  readonly object: unknown;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly namespaceDefault: string | undefined;
  readonly items: readonly number[];
  readonly written: Written;
}

function placeOf(object: unknown, kind: string, items: readonly number[], context: Context): Place {
  const metadata = objectMember(object, 'metadata');
  const name = stringMember(metadata, 'name') ?? stringMember(metadata, 'generateName') ?? '';
  const namespace = stringMember(metadata, 'namespace');
  const base = items.flatMap((index) => ['items', String(index)]);
  return {
    object,
    kind,
    name,
    namespace,
    namespaceDefault: context.namespaceDefault(namespace),
    items,
    written: (path) => context.written([...base, ...path]),
  };
}

function entry(
  { kind, name, items }: Place,
  template: readonly string[],
  decision: Decision,
  pod: unknown,
): OfflineInjection {
  const path = [...items.flatMap((index) => ['items', String(index)]), ...template];
  const operations = decision.decision === 'inject' ? planPatch(pod, decision.plan, pointerTo(path)) : [];
  return { kind, name, items, template, decision, operations };
}

const WITHOUT_TEMPLATE = skip('NoContainers', 'skipped: it has no pod template, as a patch has none');

/** Whether the object itself carries an annotation of ours. */
function asks(object: unknown): boolean {
  const annotations = annotationsOf(object);
  return INJECTION_KEYS.some((key) => member(annotations, key) !== undefined);
}

const ANNOTATIONS = ['metadata', 'annotations'];

function injectPod(place: Place): OfflineInjection {
  const { object, namespace, namespaceDefault, written } = place;
  const problem = refuseUnquoted(annotationsOf(object), ANNOTATIONS, written);
  const decision = problem ?? decidePod(readPod({ pod: object, namespace }), namespaceDefault);
  return entry(place, [], decision, object);
}

function injectWorkload(place: Place, kind: WorkloadKind): OfflineInjection {
  const { object, namespace, namespaceDefault } = place;
  const template = templateOf(kind, object);
  if (template === undefined) return entry(place, kind.template, WITHOUT_TEMPLATE, undefined);
  if (hasController(object)) {
    return entry(place, kind.template, skip('NotRequested', 'a controller owns it'), template);
  }
  const follow = followWorkload(annotationsOf(object), annotationsOf(template));
  const read = readTemplate({ kind, object, template, namespace }, follow);
  const decision = refuseAnnotations(place, kind.template, template) ?? decidePod(read.pod, namespaceDefault);
  if (decision.decision === 'deny') return entry(place, kind.template, decision, template);
  const warnings = [...decision.warnings, ...warnOfTemplate(read, decision)];
  return entry(place, kind.template, { ...decision, warnings }, template);
}

function refuseAnnotations(
  { object, written }: Place,
  path: readonly string[],
  template: JsonObject,
): Decision | undefined {
  return (
    refuseUnquoted(annotationsOf(object), ANNOTATIONS, written) ??
    refuseUnquoted(annotationsOf(template), [...path, ...ANNOTATIONS], written)
  );
}

/** Of a kind that the webhook never sees: only its pods, so only what the template says counts. */
function injectTemplate(place: Place, { path, template }: FoundTemplate): OfflineInjection {
  const { object, kind, namespace, namespaceDefault } = place;
  const own = INJECTION_KEYS.find((key) => member(annotationsOf(object), key) !== undefined);
  const pod = nameContainers(template);
  const decision =
    refuseAnnotations(place, path, template) ?? decidePod(readPod({ pod, namespace }), namespaceDefault);
  const warnings = [...warnOfOwn(own, kind, path), ...decision.warnings];
  return entry(place, path, { ...decision, warnings }, template);
}

function warnOfOwn(key: string | undefined, kind: string, path: readonly string[]): readonly Warning[] {
  if (key === undefined) return NO_WARNINGS;
  const text = `annotation ${key} has no effect on a ${kind}: put it on ${path.join('.')}.metadata`;
  return [{ kind: 'misplaced', text }];
}
