import { fail, type Result } from '../resources/result.ts';
import type { InjectionSettings } from './annotations/injection-settings.ts';
import type { ContainerPlan, PodDenial, InjectionPlan, TokenVolume } from './decision.ts';
import { makeEnv } from './env-var.ts';
import { MountPoints } from './placement/mount-points.ts';
import { NestedMounts } from './placement/nested-mounts.ts';
import { explainTooLarge, explainTooMuchWork, PatchSize } from './size-limits.ts';
import { findLongPlace } from './placement/long-paths.ts';
import { shapeOf, wantToken, type TokenSource, type WantedToken } from './placement/wanted-token.ts';
import { planContainer } from './plan-container.ts';
import type { ContainerShape, MountShape, PodShape } from './pod-shape.ts';
import { planVolumes } from './plan-volumes.ts';
import type { ShowingVolumes } from './token-volume.ts';
import { joinWarnings, NO_WARNINGS, type WithWarnings } from './warnings.ts';
import { isTooMuchWork } from './placement/work-limit.ts';

/** Plans the parts that the selected containers and the volumes lack, so that nothing is left to plan once they are there. */
export function planInjection(
  { volumes, containers: all }: Pick<PodShape, 'volumes' | 'containers'>,
  selected: readonly ContainerShape[],
  settings: InjectionSettings,
): WithWarnings<Result<InjectionPlan, PodDenial>> {
  const tooLong = findLongPlace(all);
  if (tooLong !== undefined) return refusePlan(tooLong);
  const needed = planVolumes(volumes, settings);
  if (!needed.ok) return refusePlan(needed.problem);
  const { added, sources } = needed.value;
  if (isTooMuchWork(selected, sources, all))
    return refusePlan(explainTooMuchWork(selected.length, sources.length, all));
  const showing = sources.map((source) => source.volumes);
  const nested = new NestedMounts(all, showing);
  const wanted = sources.map((source) => wantToken(source, nested));
  const known = { added, selected, envVar: settings.envVar, mountPoints: new MountPoints(volumes) };
  const first = planContainers(known, wanted);
  if (!first.ok || !first.changesVolumes) return first;
  // A planned mount can take a token's place in its volume, for all containers: that of token b at `/v/jwt`, for example, where
  // volume v of token a is mounted at `/v`. So it is planned once more with those mounts in place, and with new ones of the same
  // volumes: a third plan would be the same.
  const { containers, planned } = withPlanned(all, first.value.containers);
  const then = new NestedMounts(containers, showing, planned);
  const again = sources.map((source, index) => wantToken(source, then, chosenAmong(source, wanted[index])));
  return planContainers(known, again);
}

function refusePlan(denial: PodDenial): ReturnType<typeof planInjection> {
  return { ...fail(denial), warnings: NO_WARNINGS };
}

/** The parts of the plan that are known before the containers are looked at. */
interface KnownParts {
  readonly added: readonly TokenVolume[];
  readonly selected: readonly ContainerShape[];
  readonly envVar: string;
  readonly mountPoints: MountPoints;
}

/** A plan for the containers; `changesVolumes` if its mounts may hide what was seen while they were planned. */
type PlannedContainers = WithWarnings<
  | { readonly ok: true; readonly value: InjectionPlan; readonly changesVolumes: boolean }
  | { readonly ok: false; readonly problem: PodDenial }
>;

function planContainers(
  { added, selected, envVar, mountPoints }: KnownParts,
  wanted: readonly WantedToken[],
): PlannedContainers {
  const size = new PatchSize();
  for (const volume of added) size.addVolume(volume);
  const env = makeEnv(envVar, wanted[0]?.newMount.shown.file ?? '');
  const parts = { wanted, variable: { how: 'add', env } as const, mountObstacle: undefined, mountPoints };
  const containers: ContainerPlan[] = [];
  let changesVolumes = false;
  let warnings = NO_WARNINGS;
  for (const container of selected) {
    const { plan, obstacles, warnings: more } = planContainer(container, parts);
    warnings = joinWarnings(warnings, more);
    const [obstacle] = obstacles;
    if (obstacle !== undefined) return { ...fail(obstacle), warnings };
    if (plan.mounts.length === 0 && plan.env === undefined) continue;
    containers.push(plan);
    size.addContainer(plan);
    if (size.isTooLarge()) return { ...fail(explainTooLarge(selected.length, wanted.length)), warnings };
    changesVolumes ||= wanted[0]?.nested.wouldChange(container, plan.mounts) === true;
  }
  return { ok: true, value: { volumes: added, containers }, changesVolumes, warnings };
}

/** Only the volume of the token of which a new mount was planned. */
function chosenAmong({ volumes }: TokenSource, wanted: WantedToken | undefined): ShowingVolumes {
  const volume = wanted?.newMount.shown.mount.volume ?? '';
  return new Map([[volume, volumes.get(volume) ?? []]]);
}

/** The containers with the mounts that are planned for them. */
function withPlanned(
  all: readonly ContainerShape[],
  plans: readonly ContainerPlan[],
): { readonly containers: readonly ContainerShape[]; readonly planned: ReadonlySet<MountShape> } {
  const planOf = new Map(plans.map((plan) => [plan.name, plan]));
  const planned = new Set<MountShape>();
  const containers = all.map((container) => {
    const mounts = planOf.get(container.name)?.mounts.map(shapeOf) ?? [];
    for (const mount of mounts) planned.add(mount);
    return { ...container, mounts: [...container.mounts, ...mounts] };
  });
  return { containers, planned };
}
