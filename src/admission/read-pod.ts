import { isExcluded } from '../resources/excluded-namespaces.ts';
import { APP, INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { objectMember, type JsonObject } from '../resources/json.ts';
import { isNamespaceName } from '../resources/object-name.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import {
  isOptedOut,
  readAnnotationValues,
  warnOfEmptyValues,
  type AnnotationValues,
} from './annotations/annotation-values.ts';
import { skipPod, type SkipDecision } from './decision.ts';
import { isMirrorPod, readMap, readPodShape, type PodShape } from './pod-shape.ts';

/** A pod as a review, or a file, has it. */
interface PodInput {
  /** The Pod, or a pod template, as raw JSON. Its `status` is not read. */
  readonly pod: unknown;
  /** Instead of the pod's own: a template's with those copied from its workload. */
  readonly annotations?: JsonObject | undefined;
  /** Names of volumes that a StatefulSet's pods get from its `volumeClaimTemplates`. */
  readonly claims?: readonly string[];
  /** The namespace of the request. The object's own does not count. */
  readonly namespace: string | undefined;
  /** The namespace that jwt-injector is in; by default the one of its name, where a file does not say. */
  readonly ownNamespace?: string | undefined;
}

/** A pod that may get a token: it does not opt out, and what a decision looks at has the right shape. */
export interface ReadPod {
  readonly shape: PodShape;
  readonly values: AnnotationValues;
  /** Raw, for their keys. */
  readonly annotations: JsonObject | undefined;
  readonly labels: JsonObject | undefined;
  readonly namespace: string | undefined;
}

/** Reads a new pod once, for `decidePod`; or the decision, where none of its settings can change it. */
export function readPod(input: PodInput): Result<ReadPod, SkipDecision> {
  const { pod, namespace } = input;
  const exempt = findExemption(input);
  if (exempt !== undefined) return fail(exempt);
  const metadata = objectMember(pod, 'metadata');
  const annotations = input.annotations ?? readMap(metadata, 'annotations');
  const values = annotations === 'wrong' ? undefined : readAnnotationValues(annotations);
  if (values === undefined || annotations === 'wrong')
    return fail(skipPod('NotRequested', 'left to the API server: an annotation is not a string'));
  if (isOptedOut(values)) {
    const message = `annotation ${INJECTION_ANNOTATIONS.inject} is "false"`;
    return fail(skipPod('OptedOut', message, warnOfEmptyValues(values)));
  }
  const shape = readPodShape(objectMember(pod, 'spec'));
  if (!shape.ok) return fail(skipPod('NoContainers', `left to the API server: ${shape.problem}`));
  const labels = readMap(metadata, 'labels');
  return ok({
    shape: withClaims(shape.value, input.claims),
    values,
    annotations,
    labels: labels === 'wrong' ? undefined : labels,
    namespace,
  });
}

/**
 * The namespace whose default the decision depends on: that of the request, for pods that name no token. A name that no namespace
 * can have has no default: any client of the port can send one of megabytes, and it is in the path of a request then.
 */
export function namespaceInQuestion(
  read: Result<Pick<ReadPod, 'values'>, unknown>,
  namespace = '',
): string | undefined {
  const isOpen = read.ok && read.value.values.token === undefined;
  return isOpen && isNamespaceName(namespace) ? namespace : undefined;
}

function findExemption({ pod, namespace, ownNamespace }: PodInput): SkipDecision | undefined {
  if (isMirrorPod(pod)) return skipPod('NotRequested', 'mirror pods of static pods are never touched');
  return skipExcluded(namespace, ownNamespace);
}

/** The decision about all pods of a namespace that is never touched, and about what makes them; both as in `PodInput`. */
export function skipExcluded(namespace = '', ownNamespace = APP): SkipDecision | undefined {
  return isExcluded(namespace, ownNamespace)
    ? skipPod('NotRequested', `pods of namespace ${namespace} are never touched`)
    : undefined;
}

/** A claim takes the place of the template's volume of its name (the StatefulSet controller does so). */
function withClaims(shape: PodShape, claims: readonly string[] = []): PodShape {
  if (claims.length === 0) return shape;
  const volumes = new Map(shape.volumes);
  for (const name of claims) volumes.set(name, { name, persistentVolumeClaim: {} });
  return { ...shape, volumes };
}
