import { EXCLUDED_NAMESPACES, INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { objectMember, type JsonObject } from '../resources/json.ts';
import { isOptedOut, readAnnotationValues, readRequest, type InjectionRequest } from './annotations.ts';
import { checkAnnotationKeys, checkLabelKeys } from './annotation-keys.ts';
import { deny, skip, type Decision, type Refusal, type Skip } from './decision.ts';
import { planInjection } from './plan-injection.ts';
import { isMirrorPod, readMap, readPodShape, type PodShape } from './pod-shape.ts';
import { selectContainers } from './select-containers.ts';
import { Warnings } from './warnings.ts';
import { requiresWindowsByAffinity, windowsSetting } from './windows.ts';

export interface PodInput {
  /** The Pod, or a pod template, as raw JSON. Its `status` is not looked at. */
  readonly pod: unknown;
  /** Instead of the pod's own: a template's with those copied from its workload. */
  readonly annotations?: JsonObject | undefined;
  /** Names of volumes that a StatefulSet's pods get from its `volumeClaimTemplates`. */
  readonly claims?: readonly string[];
  /** Of the request. The object's own does not count. */
  readonly namespace: string | undefined;
  /** Value of the Namespace's label, `undefined` without one or where none is in use. */
  readonly namespaceDefault: string | undefined;
}

/**
 * What happens to a new pod: a pure function of the review, the namespace's default and the settings. Nothing is looked
 * up: whether the JWT exists is no question of admission, as the kubelet waits for its Secret. `warnings` may hold some
 * already: the decision has the most useful of them all.
 */
export function decidePod(input: PodInput, warnings = new Warnings()): Decision {
  const { pod, namespace, namespaceDefault } = input;
  const exempt = findExemption(input);
  if (exempt !== undefined) return exempt;
  const metadata = objectMember(pod, 'metadata');
  const annotations = input.annotations ?? readMap(metadata, 'annotations');
  const values = annotations === 'wrong' ? undefined : readAnnotationValues(annotations, warnings);
  if (values === undefined || annotations === 'wrong') {
    return skip('NotRequested', 'left to the API server: an annotation is no string');
  }
  if (isOptedOut(values)) return skip('OptedOut', `annotation ${INJECTION_ANNOTATIONS.inject} is "false"`);
  const shape = readPodShape(objectMember(pod, 'spec'));
  if (!shape.ok) return skip('NoContainers', `left to the API server: ${shape.problem}`);
  checkAnnotationKeys(annotations, warnings);
  const labels = readMap(metadata, 'labels');
  if (labels !== 'wrong') checkLabelKeys(labels, warnings);
  const request = readRequest(values, namespaceDefault, warnings);
  if (!request.ok) return deny({ reason: 'InvalidAnnotation', ...request.problem }, warnings.list());
  if (request.value === undefined) {
    const where = namespace === undefined ? '' : ' or by its namespace';
    return skip('NotRequested', `no token is named by the pod${where}`, warnings.list());
  }
  return inject(withClaims(shape.value, input.claims), request.value, warnings);
}

/** Whether a decision can be made without knowing the namespace's default: most pods need none. */
export function needsNamespaceDefault(input: Omit<PodInput, 'namespaceDefault'>): boolean {
  if (findExemption(input) !== undefined) return false;
  const annotations = input.annotations ?? readMap(objectMember(input.pod, 'metadata'), 'annotations');
  const values = annotations === 'wrong' ? undefined : readAnnotationValues(annotations);
  return values !== undefined && values.token === undefined && !isOptedOut(values);
}

function findExemption({ pod, namespace }: Omit<PodInput, 'namespaceDefault'>): Skip | undefined {
  if (namespace !== undefined && EXCLUDED_NAMESPACES.includes(namespace)) {
    return skip('NotRequested', `pods of namespace ${namespace} are never touched`);
  }
  return isMirrorPod(pod) ? skip('NotRequested', 'mirror pods of static pods are never touched') : undefined;
}

/** A claim takes the place of the template's volume of its name (the StatefulSet controller does so). */
function withClaims(shape: PodShape, claims: readonly string[] = []): PodShape {
  if (claims.length === 0) return shape;
  const volumes = new Map(shape.volumes);
  for (const name of claims) volumes.set(name, { name, persistentVolumeClaim: {} });
  return { ...shape, volumes };
}

function inject(shape: PodShape, request: InjectionRequest, warnings: Warnings): Decision {
  const windows = windowsSetting(shape.spec);
  if (windows !== undefined) return deny(explainWindows(windows), warnings.list());
  if (requiresWindowsByAffinity(shape.spec)) {
    warnings.add(
      'windowsAffinity',
      'node affinity allows Windows nodes only, where tokens are not supported',
    );
  }
  const selected = selectContainers(shape.containers, request.containers, warnings);
  if (!selected.ok) return deny({ reason: 'InvalidAnnotation', ...selected.problem }, warnings.list());
  const plan = planInjection(shape.volumes, selected.value, request, warnings);
  if (!plan.ok) return deny(plan.problem, warnings.list());
  const tokens = request.tokens.join(', ');
  if (plan.value.volumes.length === 0 && plan.value.containers.length === 0) {
    return skip('AlreadyInjected', `the pod has everything it needs for ${tokens}`, warnings.list());
  }
  const count = plan.value.containers.length;
  return {
    decision: 'inject',
    reason: 'Injected',
    message: `${tokens} injected into ${count} ${count === 1 ? 'container' : 'containers'}`,
    warnings: warnings.list(),
    tokens: request.tokens,
    plan: plan.value,
  };
}

function explainWindows(setting: string): Refusal {
  return {
    reason: 'WindowsPod',
    what: `${setting} asks for Windows, where tokens cannot be injected`,
    remedy: `annotate the pod with ${INJECTION_ANNOTATIONS.inject}: "false"`,
  };
}
