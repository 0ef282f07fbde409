import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import type { JsonObject } from '../resources/json.ts';
import type { AdmissionReason } from '../resources/reasons.ts';
import type { AnnotationValues } from './annotations/annotation-values.ts';
import type { ContainerPlan, PodDenial, Problem } from './decision.ts';
import { makeEnv } from './env-var.ts';
import { MountPoints } from './placement/mount-points.ts';
import { NestedMounts } from './placement/nested-mounts.ts';
import { dropLongMounts, findLongFile, findLongPlace } from './placement/long-paths.ts';
import { explainTooLarge, explainTooMuchWork, PatchSize } from './size-limits.ts';
import { wantToken, type TokenSource } from './placement/wanted-token.ts';
import { planContainer, type CommonParts, type Variable } from './plan-container.ts';
import { mountPathOf } from './plan-injection.ts';
import type { ContainerShape } from './pod-shape.ts';
import { checkEnvVar, checkMountPath, DEFAULT_MOUNT_PATH } from './annotations/check-values.ts';
import { quote } from './text.ts';
import { explainTokenName, explainTooManyTokens, MAX_TOKENS, splitList } from './annotations/token-list.ts';
import { isObjectName } from '../resources/object-name.ts';
import { findTokenVolumes, type ShowingVolumes } from './token-volume.ts';
import { joinWarnings, NO_WARNINGS, type Warning, type WithWarnings } from './warnings.ts';
import { isTooMuchWork } from './placement/work-limit.ts';

/** An obstacle that would be a denial for a new pod. */
type Obstacle = Pick<PodDenial, 'reason' | 'what'>;

/** An annotation with a wrong value, as an obstacle. */
export function invalidSetting({ what, remedy }: Problem): PodDenial {
  return { reason: 'InvalidAnnotation', what, remedy };
}

/** Ephemeral containers are never refused: what prevents a token is a warning. */
export function warnOfObstacle({ what }: Obstacle): Warning {
  return { kind: 'cannotInject', text: what };
}

/** A token that the pod has a volume of. */
interface EphemeralToken {
  readonly name: string;
  readonly volumes: ShowingVolumes;
  /** Position in the annotation: the first one is the one that the environment variable names. */
  readonly index: number;
}

interface EphemeralTokens {
  readonly tokens: readonly EphemeralToken[];
  /** Why there are no more. */
  readonly missing: readonly Obstacle[];
}

/** The tokens whose volume the pod has. */
export function findEphemeralTokens(
  values: AnnotationValues,
  defaultToken: string | undefined,
  volumes: ReadonlyMap<string, JsonObject>,
): EphemeralTokens {
  const isNamed = values.token !== undefined;
  const named = isNamed ? splitList(INJECTION_ANNOTATIONS.token, values.token).items : [];
  const all = [...new Set(isNamed || defaultToken === undefined ? named : [defaultToken])];
  const names = all.slice(0, MAX_TOKENS);
  const tokens: EphemeralToken[] = [];
  const missing: Obstacle[] = [];
  if (names.length < all.length) missing.push(invalidSetting(explainTooManyTokens(all.length)));
  for (const [index, shown] of findTokenVolumes(volumes, names).entries()) {
    const name = names[index] ?? '';
    const tooLong = findLongFile(shown);
    if (tooLong !== undefined) missing.push(tooLong);
    else if (shown.size > 0) tokens.push({ name, index, volumes: shown });
    else if (isNamed) missing.push({ reason: 'InvalidAnnotation', what: explainLack(name) });
  }
  return { tokens, missing };
}

function explainLack(name: string): string {
  if (!isObjectName(name)) return explainTokenName(name).what;
  return `ephemeral containers do not get ${quote(name, 40)}: the pod has no volume with it`;
}

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
  const sources = findSources(input);
  const all = [...input.started, ...containers];
  if (isTooMuchWork(containers, sources, all)) {
    const denial = explainTooMuchWork(containers.length, sources.length, all);
    return { containers: [], reason: denial.reason, warnings: [warnOfObstacle(denial)] };
  }
  const parts = prepareParts(input, sources);
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

/** The settings count as far as they are valid. */
function findSources({ tokens, values }: EphemeralInput): readonly TokenSource[] {
  const mountPath = checkMountPath(values.mountPath);
  const directory = mountPath.ok ? mountPath.value : DEFAULT_MOUNT_PATH;
  return tokens.map(({ name, index, volumes }) => ({
    name,
    mountPath: mountPathOf(directory, name, index),
    volumes,
  }));
}

function prepareParts(
  { tokens, values, volumes, started }: EphemeralInput,
  sources: readonly TokenSource[],
): CommonParts {
  const showing = tokens.map((token) => token.volumes);
  const nested = new NestedMounts(started.map(dropLongMounts), showing);
  const wanted = sources.map((source) => wantToken(source, nested));
  const mountPath = checkMountPath(values.mountPath);
  const mountObstacle = mountPath.ok ? undefined : invalidSetting(mountPath.problem);
  const hasFirst = tokens[0]?.index === 0;
  const variable = hasFirst
    ? prepareEnv(values, wanted[0]?.newMount.shown.file ?? '')
    : ({ how: 'none' } as const);
  return { wanted, mountObstacle, variable, mountPoints: new MountPoints(volumes) };
}

function prepareEnv(values: AnnotationValues, file: string): Variable {
  const envVar = checkEnvVar(values.envVar);
  return envVar.ok
    ? { how: 'add', env: makeEnv(envVar.value, file) }
    : { how: 'blocked', denial: invalidSetting(envVar.problem) };
}
