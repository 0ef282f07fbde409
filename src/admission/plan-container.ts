import type { ContainerPlan, PodDenial, TokenEnv, TokenMount } from './decision.ts';
import { makeEnv, readOwnEnv, UNSET, warnOfOwnEnv, type OwnEnv } from './env-var.ts';
import type { MountPoints } from './placement/mount-points.ts';
import { placeTokens, type Placement } from './placement/placement.ts';
import type { WantedToken } from './placement/wanted-token.ts';
import type { ContainerShape } from './pod-shape.ts';
import { quote, showPath } from './text.ts';
import { joinWarnings, NO_WARNINGS, type Warning, type WithWarnings } from './warnings.ts';

const NO_PARTS: readonly never[] = [];
const NO_VARIABLE = { env: undefined, obstacles: NO_PARTS, warnings: NO_WARNINGS } as const;

/** The parts that all containers of a pod have in common. */
export interface CommonParts {
  readonly wanted: readonly WantedToken[];
  readonly mountPoints: MountPoints;
  /** Why a container that does not see a token gets no mount of it. */
  readonly mountObstacle: PodDenial | undefined;
  readonly variable: Variable;
}

/**
 * The environment variable that names the file of the first token. `add`: `env` is for a container that gets a new mount of that
 * token, one object for all, as the mount is. `blocked`: it cannot be set. `none`: the first token is not among those wanted.
 */
export type Variable =
  | { readonly how: 'add'; readonly env: TokenEnv }
  | { readonly how: 'blocked'; readonly denial: PodDenial }
  | { readonly how: 'none' };

/** The parts that a container lacks, and the obstacles to adding more. */
type PlannedContainer = WithWarnings<{
  readonly plan: ContainerPlan;
  readonly obstacles: readonly PodDenial[];
}>;

/** Plans each token by itself: one that cannot be placed does not change what is planned for the others. */
export function planContainer(container: ContainerShape, parts: CommonParts): PlannedContainer {
  const { wanted, variable, mountObstacle } = parts;
  const own = variable.how === 'add' ? readOwnEnv(container, variable.env.name) : UNSET;
  const found = placeTokens(container, wanted, own.path);
  const placements = mountObstacle === undefined ? found : found.map((one) => blockMount(one, mountObstacle));
  const ofMounts = planMounts(container, placements, parts);
  const ofEnv = planEnv(container, placements[0], variable, own);
  const { list, index, name } = container;
  return {
    plan: { list, index, name, mounts: ofMounts.mounts, env: ofEnv.env },
    // The variable is blocked where the first token is not, so it comes before all that is wrong with further ones.
    obstacles: joinObstacles(ofEnv.obstacles, ofMounts.obstacles),
    warnings: joinWarnings(ofMounts.warnings, ofEnv.warnings),
  };
}

function blockMount(placement: Placement, denial: PodDenial): Placement {
  return placement.how === 'mount' ? { how: 'blocked', denial } : placement;
}

function joinObstacles(first: readonly PodDenial[], more: readonly PodDenial[]): readonly PodDenial[] {
  return first.length === 0 ? more : [...first, ...more];
}

/** A part of the plan for a container. */
type Planned<Part> = WithWarnings<Part & { readonly obstacles: readonly PodDenial[] }>;

/** The mounts that the container lacks. */
function planMounts(
  container: ContainerShape,
  placements: readonly Placement[],
  { wanted, mountPoints }: CommonParts,
): Planned<{ readonly mounts: readonly TokenMount[] }> {
  let mounts: readonly TokenMount[] = NO_PARTS;
  const obstacles: PodDenial[] = [];
  let warnings = NO_WARNINGS;
  for (const placement of placements) {
    if (placement.how === 'blocked') obstacles.push(placement.denial);
    else if (placement.how === 'mount') {
      const [mount] = placement.mounts;
      mounts = mounts.length === 0 ? placement.mounts : [...mounts, mount];
      warnings = joinWarnings(warnings, warnOfReadOnlyParent(container, mount.mountPath, mountPoints));
    } else if (!placement.refreshes) {
      const token = wanted[placements.indexOf(placement)]?.name ?? '';
      warnings = joinWarnings(warnings, [warnOfSubPath(container, token)]);
    }
  }
  return { mounts, obstacles, warnings };
}

/** The variable, unless the container has one of its own. `placement` is that of the first token. */
function planEnv(
  container: ContainerShape,
  placement: Placement | undefined,
  variable: Variable,
  own: OwnEnv,
): Planned<{ readonly env: TokenEnv | undefined }> {
  if (placement === undefined || placement.how === 'blocked' || variable.how === 'none') return NO_VARIABLE;
  if (variable.how === 'blocked') return { ...NO_VARIABLE, obstacles: [variable.denial] };
  const { files } = placement;
  const { name } = variable.env;
  const warnings = warnOfOwnEnv(container, name, own, files);
  if (own.set !== undefined) return { env: undefined, obstacles: NO_PARTS, warnings };
  const env = placement.how === 'mount' ? variable.env : makeEnv(name, files[0] ?? '');
  return { env, obstacles: NO_PARTS, warnings };
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
