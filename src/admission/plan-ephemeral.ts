import type { JsonObject } from '../resources/json.ts';
import type { AdmissionReason } from '../resources/reasons.ts';
import type { Result } from '../resources/result.ts';
import type { AnnotationValues } from './annotations/annotation-values.ts';
import { checkEnvVar, checkMountPath, DEFAULT_MOUNT_PATH } from './annotations/check-values.ts';
import type { ContainerPlan, Problem } from './decision.ts';
import { makeEnv } from './env-var.ts';
import { invalidSetting, warnOfObstacle, type EphemeralToken } from './ephemeral-tokens.ts';
import { dropLongMounts, findLongPlace } from './placement/long-paths.ts';
import { MountPoints } from './placement/mount-points.ts';
import { NestedMounts } from './placement/nested-mounts.ts';
import { mountPathOf, wantToken, type TokenSource } from './placement/wanted-token.ts';
import { isTooMuchWork } from './placement/work-limit.ts';
import { planContainer, type CommonParts, type Variable } from './plan-container.ts';
import type { ContainerShape } from './pod-shape.ts';
import { explainTooLarge, explainTooMuchWork, PatchSize } from './size-limits.ts';
import { joinWarnings, NO_WARNINGS, type WithWarnings } from './warnings.ts';

/** The input of the plan for new ephemeral containers, besides the containers. */
export interface EphemeralInput {
  readonly tokens: readonly EphemeralToken[];
  readonly values: AnnotationValues;
  readonly volumes: ReadonlyMap<string, JsonObject>;
  /** The containers for which the kubelet made the volumes: what is mounted in one may hide what another would see. */
  readonly started: readonly ContainerShape[];
}

type EphemeralPlan = WithWarnings<{
  /** The containers that lack something. */
  readonly containers: readonly ContainerPlan[];
  /** The reason of the first obstacle. */
  readonly reason: AdmissionReason | undefined;
}>;

/** Plans the parts that the containers lack, each container and each token by itself. */
export function planEphemeral(containers: readonly ContainerShape[], input: EphemeralInput): EphemeralPlan {
  const tooLong = containers.map((container) => findLongPlace([container]));
  const plan = planPossible(
    containers.filter((_, index) => tooLong[index] === undefined),
    input,
  );
  const obstacles = tooLong.filter((denial) => denial !== undefined);
  const warnings = joinWarnings(NO_WARNINGS, obstacles.map(warnOfObstacle));
  const reason = obstacles[0]?.reason ?? plan.reason;
  return { ...plan, reason, warnings: joinWarnings(warnings, plan.warnings) };
}

/** Plans for containers of which no place is at a path that is too long. */
function planPossible(containers: readonly ContainerShape[], input: EphemeralInput): EphemeralPlan {
  const mountPath = checkMountPath(input.values.mountPath);
  const sources = findSources(input.tokens, mountPath.ok ? mountPath.value : DEFAULT_MOUNT_PATH);
  const all = [...input.started, ...containers];
  if (isTooMuchWork(containers, sources, all)) {
    const denial = explainTooMuchWork(containers.length, sources.length, all);
    return { containers: [], reason: denial.reason, warnings: [warnOfObstacle(denial)] };
  }
  const parts = prepareParts(input, sources, mountPath);
  const plans: ContainerPlan[] = [];
  const size = new PatchSize();
  let warnings = NO_WARNINGS;
  let reason: AdmissionReason | undefined;
  for (const container of containers) {
    const { plan, obstacles, warnings: more } = planContainer(container, parts);
    warnings = joinWarnings(joinWarnings(warnings, obstacles.map(warnOfObstacle)), more);
    reason ??= obstacles[0]?.reason;
    if (plan.mounts.length === 0 && plan.env === undefined) continue;
    plans.push(plan);
    size.addContainer(plan);
    if (size.isTooLarge()) {
      const tooLarge = explainTooLarge(containers.length, sources.length);
      warnings = joinWarnings(warnings, [warnOfObstacle(tooLarge)]);
      return { containers: [], reason: reason ?? tooLarge.reason, warnings };
    }
  }
  return { containers: plans, reason, warnings };
}

/** The mount path counts as far as it is valid. */
function findSources(tokens: readonly EphemeralToken[], directory: string): readonly TokenSource[] {
  return tokens.map(({ name, index, volumes }) => ({
    name,
    mountPath: mountPathOf(directory, name, index),
    volumes,
  }));
}

function prepareParts(
  { tokens, values, volumes, started }: EphemeralInput,
  sources: readonly TokenSource[],
  mountPath: Result<string, Problem>,
): CommonParts {
  const showing = sources.map((source) => source.volumes);
  const nested = new NestedMounts(started.map(dropLongMounts), showing);
  const wanted = sources.map((source) => wantToken(source, nested));
  const hasFirst = tokens[0]?.index === 0;
  return {
    wanted,
    mountPoints: new MountPoints(volumes),
    mountObstacle: mountPath.ok ? undefined : invalidSetting(mountPath.problem),
    variable: hasFirst ? prepareEnv(values, wanted[0]?.newMount.shown.file ?? '') : { how: 'none' },
  };
}

function prepareEnv(values: AnnotationValues, file: string): Variable {
  const envVar = checkEnvVar(values.envVar);
  return envVar.ok
    ? { how: 'add', env: makeEnv(envVar.value, file) }
    : { how: 'blocked', denial: invalidSetting(envVar.problem) };
}
