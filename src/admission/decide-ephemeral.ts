import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { isOptedOut, readAnnotationValues, type AnnotationValues } from './annotations/annotation-values.ts';
import { skipPod, type Decision, type SkipDecision } from './decision.ts';
import { findEphemeralTokens, invalidSetting, warnOfObstacle } from './ephemeral-tokens.ts';
import { planEphemeral } from './plan-ephemeral.ts';
import {
  annotationsOf,
  isMirrorPod,
  readAllContainers,
  readContainers,
  readVolumes,
  type ContainerShape,
} from './pod-shape.ts';
import { checkInject } from './annotations/check-values.ts';
import { joinWarnings } from './warnings.ts';

const EPHEMERAL_CONTAINERS = 'ephemeralContainers';

/** A pod with an ephemeral container that may get the pod's tokens. */
interface ReadEphemeral {
  readonly values: AnnotationValues;
  readonly volumes: ReadonlyMap<string, JsonObject>;
  /** The new ones: the others cannot be changed any more. */
  readonly containers: readonly ContainerShape[];
  /** The containers for which the kubelet made the volumes. */
  readonly started: readonly ContainerShape[];
}

/** Reads a pod once, for `decideEphemeral`; or the decision, where none of its settings can change it. */
export function readEphemeral(pod: unknown, oldPod: unknown): Result<ReadEphemeral, SkipDecision> {
  const values = readAnnotationValues(annotationsOf(pod));
  const spec = objectMember(pod, 'spec');
  if (values === undefined || spec === undefined)
    return fail(skipPod('NotRequested', 'left to the API server'));
  if (isMirrorPod(pod)) return fail(skipPod('NotRequested', 'mirror pods of static pods are never touched'));
  if (isOptedOut(values))
    return fail(skipPod('OptedOut', `annotation ${INJECTION_ANNOTATIONS.inject} is "false"`));
  const volumes = readVolumes(spec);
  if (!volumes.ok) return fail(skipPod('NoContainers', `left to the API server: ${volumes.problem}`));
  const containers = readContainers(spec, EPHEMERAL_CONTAINERS, new Set());
  if (!containers.ok) return fail(skipPod('NoContainers', `left to the API server: ${containers.problem}`));
  const before = arrayMember(objectMember(oldPod, 'spec'), EPHEMERAL_CONTAINERS);
  const old = new Set(before.map((item) => stringMember(item, 'name')));
  const added = containers.value.filter(({ name }) => !old.has(name));
  const started = readAllContainers(spec).filter(({ list }) => list !== EPHEMERAL_CONTAINERS);
  return ok({ values, volumes: volumes.value, containers: added, started });
}

/**
 * `kubectl debug`: the new ephemeral containers of an injected pod see its tokens, whatever the lists of containers say.
 * Never a denial, since nothing may prevent debugging: what is not possible is a warning. The volumes of a
 * running pod cannot be changed (Kubernetes API), so a token whose volume the pod lacks is one of those.
 */
export function decideEphemeral(
  read: Result<ReadEphemeral, SkipDecision>,
  defaultToken: string | undefined,
): Decision {
  if (!read.ok) return read.problem;
  const { values, volumes, containers, started } = read.value;
  const inject = checkInject(values.inject);
  const { tokens, missing } = findEphemeralTokens(values, defaultToken, volumes);
  const obstacles = inject.ok ? missing : [invalidSetting(inject.problem), ...missing];
  const reason = obstacles[0]?.reason;
  const found = obstacles.map(warnOfObstacle);
  if (tokens.length === 0)
    return skipPod(reason ?? 'NotRequested', 'no token for ephemeral containers', found);
  if (containers.length === 0) return skipPod('NoContainers', 'no new ephemeral container', found);
  const plan = planEphemeral(containers, { tokens, values, volumes, started });
  const warnings = joinWarnings(found, plan.warnings);
  if (plan.containers.length === 0) {
    const why = reason ?? plan.reason ?? 'AlreadyInjected';
    return skipPod(why, 'nothing to add to ephemeral containers', warnings);
  }
  const names = tokens.map(({ name }) => name);
  return {
    decision: 'inject',
    reason: 'Injected',
    message: `${names.join(', ')} injected into ephemeral containers`,
    warnings,
    tokens: names,
    plan: { volumes: [], containers: plan.containers },
  };
}
