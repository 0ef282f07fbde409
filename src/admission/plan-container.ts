import type { Result } from '../resources/result.ts';
import type { ContainerPlan, PodDenial, TokenEnv, TokenMount } from './decision.ts';
import { makeEnv, readOwnEnv, warnOfOwnEnv } from './env-var.ts';
import type { MountPoints } from './mount-points.ts';
import { placeTokens, type WantedToken } from './placement.ts';
import type { ContainerShape } from './pod-shape.ts';
import { quote, showPath } from './text.ts';
import { joinWarnings, NO_WARNINGS, type Warning, type WithWarnings } from './warnings.ts';

/** The parts that all containers of a pod have in common. */
export interface CommonParts {
  readonly wanted: readonly WantedToken[];
  readonly mountPoints: MountPoints;
  /** Why a container that does not see a token gets no mount of it. */
  readonly mountObstacle: PodDenial | undefined;
  /**
   * The variable of a container that gets a new mount of the first token, one object for all, as the mount is; or why there
   * can be none. `undefined`: it is the variable of a token that is not among `wanted`.
   */
  readonly newEnv: Result<TokenEnv, PodDenial> | undefined;
}

/** The parts that a container lacks, and the obstacles to adding more. */
export type PlannedContainer = WithWarnings<{
  readonly plan: ContainerPlan;
  readonly obstacles: readonly PodDenial[];
}>;

/** Plans each token by itself: one that cannot be placed does not change what is planned for the others. */
export function planContainer(
  container: ContainerShape,
  { wanted, mountPoints, mountObstacle, newEnv }: CommonParts,
): PlannedContainer {
  let mounts: readonly TokenMount[] = [];
  let warnings = NO_WARNINGS;
  let env: TokenEnv | undefined;
  const obstacles: PodDenial[] = [];
  const own = newEnv?.ok === true ? readOwnEnv(container, newEnv.value.name) : undefined;
  for (const [index, placement] of placeTokens(container, wanted, own?.path).entries()) {
    if (placement.how === 'blocked') {
      obstacles.push(placement.denial);
      continue;
    }
    if (placement.how === 'mount') {
      if (mountObstacle !== undefined) {
        obstacles.push(mountObstacle);
        continue;
      }
      const [mount] = placement.mounts;
      mounts = mounts.length === 0 ? placement.mounts : [...mounts, mount];
      warnings = joinWarnings(warnings, warnOfReadOnlyParent(container, mount.mountPath, mountPoints));
    } else if (!placement.refreshes) {
      warnings = joinWarnings(warnings, [warnOfSubPath(container, wanted[index]?.name ?? '')]);
    }
    if (index > 0) continue;
    if (newEnv?.ok === false) obstacles.push(newEnv.problem);
    if (newEnv?.ok !== true || own === undefined) continue;
    const { files } = placement;
    const { name } = newEnv.value;
    warnings = joinWarnings(warnings, warnOfOwnEnv(container, name, own, files));
    if (own.set === undefined) env = placement.how === 'mount' ? newEnv.value : makeEnv(name, files[0] ?? '');
  }
  const { list, index, name } = container;
  return { plan: { list, index, name, mounts, env }, obstacles, warnings };
}

/** Warns if `path` is in a read-only mount in which the container runtime could not make the mount point. */
function warnOfReadOnlyParent(
  container: ContainerShape,
  path: string,
  mountPoints: MountPoints,
): readonly Warning[] {
  const parent = mountPoints.findReadOnlyParent(container, path);
  if (parent === undefined) return NO_WARNINGS;
  const text = `container ${quote(container.name, 24)}: ${showPath(parent.path, 24)} is read-only, ${showPath(path, 30)} may be missing in it`;
  return [{ kind: 'readOnlyParent', text }];
}

function warnOfSubPath(container: ContainerShape, token: string): Warning {
  const text = `container ${quote(container.name, 24)}: mounts of ${quote(token, 24)} by subPath never see a renewed token`;
  return { kind: 'neverRefreshes', text };
}
