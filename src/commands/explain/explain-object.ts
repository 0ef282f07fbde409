import { readAnnotationValues } from '../../admission/annotations/annotation-values.ts';
import type { ContainerPlan, Decision, TokenVolume } from '../../admission/decision.ts';
import { injectObject, type OfflineInjection } from '../workloads/inject-document.ts';
import { annotationsOf } from '../../admission/pod-shape.ts';
import { readTokens } from '../../admission/annotations/token-list.ts';
import { mostUseful } from '../../admission/warnings.ts';
import type { PatchOperation } from '../../resources/json-patch.ts';
import { member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { ListedObject, OfflineDefault } from '../input/documents.ts';
import { applyPatch } from '../yaml/apply-patch.ts';

/** The decision of the webhook on one pod or workload, and its pods after it. */
export interface ObjectReport {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The path of its pod template, `spec.template` for example; empty for a pod. */
  readonly template: string;
  readonly decision: Decision['decision'];
  readonly reason: Decision['reason'];
  readonly message: string;
  readonly warnings: readonly string[];
  /** The tokens that are asked for, the first one for the env var. */
  readonly tokens: readonly string[];
  /** Annotations that are copied from the workload to its pod template, or removed from there (`null`). */
  readonly copied: Readonly<Record<string, string | null>>;
  readonly added: {
    readonly volumes: readonly TokenVolume[];
    readonly containers: readonly Pick<ContainerPlan, 'name' | 'mounts' | 'env'>[];
  };
  /** RFC 6902, from the object's root. In the cluster, the part for the pods is applied to each pod. */
  readonly patch: readonly PatchOperation[];
}

/** An explained object with the pod, or pod template, before and after. */
export interface ExplainedObject {
  readonly report: ObjectReport;
  readonly before: unknown;
  readonly after: unknown;
}

/** Decides as the webhook does on the pod, or on each pod template of the object. */
export function explainObject(
  listed: ListedObject,
  defaultTokenOf: OfflineDefault,
): readonly ExplainedObject[] {
  return injectObject({ ...listed, path: [] }, defaultTokenOf).map((injection) =>
    explainInjection(listed.object, injection, defaultTokenOf),
  );
}

function explainInjection(
  object: JsonObject,
  { kind, name, template, decision, operations, copying }: OfflineInjection,
  defaultTokenOf: OfflineDefault,
): ExplainedObject {
  const namespace = stringMember(objectMember(object, 'metadata'), 'namespace');
  const patch = [...copying, ...operations];
  const before = podAt(object, template);
  const annotated = podAt(applyPatch(object, copying), template);
  const report: ObjectReport = {
    kind,
    namespace,
    name,
    template: template.join('.'),
    decision: decision.decision,
    reason: decision.reason,
    message: decision.message,
    warnings: mostUseful(decision.warnings),
    tokens: findTokens(decision, annotationsOf(annotated), defaultTokenOf(namespace)),
    copied: Object.fromEntries(diffAnnotations(annotationsOf(before) ?? {}, annotationsOf(annotated) ?? {})),
    added: describePlan(decision),
    patch,
  };
  return { report, before, after: podAt(applyPatch(object, patch), template) };
}

/** The pod itself, without what the cluster adds to it, or the pod template at that path. */
function podAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (found, key) => (Array.isArray(found) ? found[Number(key)] : member(found, key)),
    object,
  );
}

function findTokens(
  decision: Decision,
  annotations: JsonObject | undefined,
  defaultToken: string | undefined,
): readonly string[] {
  if (decision.decision === 'inject') return decision.tokens;
  if (decision.reason !== 'AlreadyInjected') return [];
  const values = readAnnotationValues(annotations);
  const tokens = values === undefined ? undefined : readTokens(values.token, defaultToken);
  return tokens?.ok === true ? tokens.value : [];
}

function diffAnnotations(
  before: JsonObject,
  after: JsonObject,
): readonly (readonly [string, string | null])[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys]
    .filter((key) => member(before, key) !== member(after, key))
    .map((key) => [key, stringMember(after, key) ?? null] as const);
}

function describePlan(decision: Decision): ObjectReport['added'] {
  if (decision.decision !== 'inject') return { volumes: [], containers: [] };
  const { volumes, containers } = decision.plan;
  return { volumes, containers: containers.map(({ name, mounts, env }) => ({ name, mounts, env })) };
}
