import type { PatchOperation } from '../resources/json-patch.ts';
import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  type JsonObject,
} from '../resources/json.ts';
import { PREFIX } from '../resources/names.ts';
import { followWorkload } from './copied-record.ts';
import { decidePod } from './decide-pod.ts';
import { deny, skip, type Decision, type Problem } from './decision.ts';
import { planPatch } from './patch.ts';
import { annotationsOf } from './pod-shape.ts';
import { changedAnnotations } from './template-patch.ts';
import { decideTemplate } from './template-warnings.ts';
import { Warnings } from './warnings.ts';
import { quote } from './wording.ts';
import {
  findWorkloadKind,
  hasController,
  templateOf,
  templatePointer,
  type WorkloadKind,
} from './workload-kinds.ts';

/** What happens offline to one object of a file. */
export interface OfflineInjection {
  readonly kind: string;
  readonly name: string;
  /** Position in the lists around it, from 0; empty for an object that is a document itself. */
  readonly items: readonly number[];
  readonly decision: Decision;
  /** From the document's root. They write volumes, mounts and env vars, in a workload into its pod template. */
  readonly operations: readonly PatchOperation[];
}

/** The default of a namespace, as far as a file tells; `undefined` namespace where the object names none. */
export type OfflineDefault = (namespace: string | undefined) => string | undefined;

/**
 * The webhook's decisions on the pods and workloads of a document, without a cluster. A workload gets its pods'
 * injection, not the annotations: that serves clusters without the webhook, and where there is one, it finds nothing
 * left to do. Objects of other kinds have no entry.
 */
export function injectDocument(
  document: unknown,
  namespaceDefault: OfflineDefault,
): readonly OfflineInjection[] {
  return [...walk(document, [], namespaceDefault)];
}

function* walk(
  object: unknown,
  items: readonly number[],
  namespaceDefault: OfflineDefault,
): Generator<OfflineInjection> {
  const kind = stringMember(object, 'kind') ?? '';
  const [group = ''] = (stringMember(object, 'apiVersion') ?? '').split('/').slice(0, -1);
  const workload = findWorkloadKind({ group, resource: '' }, kind);
  if (group === '' && kind === 'Pod') yield { ...injectPod(object, items, namespaceDefault), kind, items };
  else if (workload !== undefined)
    yield { ...injectWorkload(workload, object, items, namespaceDefault), kind, items };
  else if (kind.endsWith('List')) {
    for (const [index, item] of arrayMember(object, 'items').entries()) {
      yield* walk(withKind(item, object), [...items, index], namespaceDefault);
    }
  }
}

/** Items of a `PodList` need not repeat their kind. */
function withKind(item: unknown, list: unknown): unknown {
  const kind = (stringMember(list, 'kind') ?? '').slice(0, -'List'.length);
  if (!isJsonObject(item) || kind === '' || member(item, 'kind') !== undefined) return item;
  return { ...item, kind, apiVersion: member(list, 'apiVersion') };
}

type Injection = Omit<OfflineInjection, 'kind' | 'items'>;

function injectPod(object: unknown, items: readonly number[], namespaceDefault: OfflineDefault): Injection {
  const { name, namespace } = namesOf(object);
  const problem = unquoted(annotationsOf(object));
  const decision =
    problem ?? decidePod({ pod: object, namespace, namespaceDefault: namespaceDefault(namespace) });
  return { name, decision, operations: operationsOf(decision, object, base(items)) };
}

function injectWorkload(
  kind: WorkloadKind,
  object: unknown,
  items: readonly number[],
  namespaceDefault: OfflineDefault,
): Injection {
  const { name, namespace } = namesOf(object);
  const template = templateOf(kind, object);
  if (template === undefined) {
    return {
      name,
      decision: skip('NoContainers', 'left to the API server: no pod template'),
      operations: [],
    };
  }
  if (hasController(object))
    return { name, decision: skip('NotRequested', 'a controller owns it'), operations: [] };
  const follow = followWorkload(annotationsOf(object), annotationsOf(template));
  const annotations = changedAnnotations(template, follow.changes);
  const input = { kind, object, template, follow, annotations, namespace };
  const problem = unquoted(annotationsOf(object)) ?? unquoted(annotationsOf(template));
  const warnings = new Warnings();
  const told =
    problem ?? decideTemplate({ ...input, namespaceDefault: namespaceDefault(namespace) }, warnings);
  const decision = told.decision === 'deny' ? told : { ...told, warnings: warnings.list() };
  return {
    name,
    decision,
    operations: operationsOf(decision, template, base(items) + templatePointer(kind)),
  };
}

function operationsOf(decision: Decision, pod: unknown, pointer: string): readonly PatchOperation[] {
  return decision.decision === 'inject' ? planPatch(pod, decision.plan, pointer) : [];
}

function base(items: readonly number[]): string {
  return items.map((index) => `/items/${index}`).join('');
}

function namesOf(object: unknown): { readonly name: string; readonly namespace: string | undefined } {
  const metadata = objectMember(object, 'metadata');
  const name = stringMember(metadata, 'name') ?? stringMember(metadata, 'generateName') ?? '';
  return { name, namespace: stringMember(metadata, 'namespace') };
}

/** YAML reads `true` and `0444` without quotes as no strings, which the API server refuses in annotations. */
function unquoted(annotations: JsonObject | undefined): Decision | undefined {
  for (const [key, value] of Object.entries(annotations ?? {})) {
    if (!key.startsWith(PREFIX) || typeof value === 'string') continue;
    const problem: Problem = {
      what: `annotation ${key} is ${value === null ? 'null' : `a ${typeof value}`}, not a string`,
      remedy: `put ${isJsonObject(value) ? 'a text' : quote(String(value))} in quotes`,
    };
    return deny({ reason: 'InvalidAnnotation', ...problem }, []);
  }
  return undefined;
}
