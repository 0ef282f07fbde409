import type { JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { TOKEN_KEY } from '../resources/names.ts';
import { MAX_OBJECT_NAME } from '../resources/object-name.ts';
import type { InjectionSettings } from './annotations/injection-settings.ts';
import type { ContainerPlan, PodDenial, InjectionPlan, TokenVolume } from './decision.ts';
import { makeEnv } from './env-var.ts';
import { MountPoints } from './placement/mount-points.ts';
import { NestedMounts } from './placement/nested-mounts.ts';
import { explainTooLarge, explainTooMuchWork, PatchSize } from './size-limits.ts';
import { findLongFile, findLongPlace } from './placement/long-paths.ts';
import { shapeOf, wantToken, type TokenSource, type WantedToken } from './placement/wanted-token.ts';
import { planContainer } from './plan-container.ts';
import type { ContainerShape, MountShape, PodShape } from './pod-shape.ts';
import { quote, showPath } from './text.ts';
import { findTokenVolumes, makeTokenVolume, volumeKind, type ShowingVolumes } from './token-volume.ts';
import { joinWarnings, NO_WARNINGS, type WithWarnings } from './warnings.ts';
import { isTooMuchWork } from './placement/work-limit.ts';

/** Plans the parts that the selected containers and the volumes lack, so that nothing is left to plan once they are there. */
export function planInjection(
  { volumes, containers: all }: Pick<PodShape, 'volumes' | 'containers'>,
  selected: readonly ContainerShape[],
  settings: InjectionSettings,
): WithWarnings<Result<InjectionPlan, PodDenial>> {
  const tooLong = findLongPlace(all);
  if (tooLong !== undefined) return { ...fail(tooLong), warnings: NO_WARNINGS };
  const needed = planVolumes(volumes, settings);
  if (!needed.ok) return { ...needed, warnings: NO_WARNINGS };
  const { added, sources } = needed.value;
  if (isTooMuchWork(selected, sources, all))
    return { ...fail(explainTooMuchWork(selected.length, sources.length, all)), warnings: NO_WARNINGS };
  const showing = sources.map((source) => source.volumes);
  const nested = new NestedMounts(all, showing);
  const input = { added, selected, envVar: settings.envVar, mountPoints: new MountPoints(volumes) };
  const wanted = sources.map((source) => wantToken(source, nested));
  const first = planContainers(input, wanted);
  if (!first.ok || !first.changesVolumes) return first;
  // The planned mounts decide, too, what the kubelet makes in the volumes. A second look finds the same ones: it is the last.
  const { containers, planned } = withPlanned(all, first.value.containers);
  const then = new NestedMounts(containers, showing, planned);
  const again = sources.map((source, index) => wantToken(source, then, chosenAmong(source, wanted[index])));
  return planContainers(input, again);
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

/** The files that a volume of ours shows. */
const OWN_FILES: readonly string[] = [TOKEN_KEY];

/** The tokens with the volumes that show them, and the volumes that have to be added for that. */
function planVolumes(
  volumes: ReadonlyMap<string, JsonObject>,
  { tokens, mountPath, defaultMode }: InjectionSettings,
): Result<{ readonly added: readonly TokenVolume[]; readonly sources: readonly TokenSource[] }, PodDenial> {
  const added: TokenVolume[] = [];
  const sources: TokenSource[] = [];
  for (const [index, shown] of findTokenVolumes(volumes, tokens).entries()) {
    const name = tokens[index] ?? '';
    const path = mountPathOf(mountPath, name, index);
    if (shown.size > 0) {
      const fault = findLongFile(shown);
      if (fault !== undefined) return fail(fault);
      sources.push({ name, mountPath: path, volumes: shown });
      continue;
    }
    const volume = makeTokenVolume(name, defaultMode);
    const taken = volumes.get(volume.name);
    if (taken !== undefined) return fail(explainVolumeTaken(volume, taken));
    const other = added.find((one) => one.name === volume.name);
    if (other !== undefined) return fail(explainSameVolume(volume, other));
    added.push(volume);
    sources.push({ name, mountPath: path, volumes: new Map([[volume.name, OWN_FILES]]) });
  }
  return ok({ added, sources });
}

/** Adding a second token never moves the first. */
export function mountPathOf(mountPath: string, token: string, index: number): string {
  return index === 0 ? mountPath : `${mountPath}-${token}`;
}

function explainVolumeTaken(wanted: TokenVolume, taken: JsonObject): PodDenial {
  return {
    reason: 'VolumeNameTaken',
    what: `volume ${quote(wanted.name)} is of kind ${showPath(volumeKind(taken), 40)} and does not show key "${TOKEN_KEY}" of Secret ${quote(wanted.secret.secretName, MAX_OBJECT_NAME)}`,
    remedy: 'give that volume another name',
  };
}

function explainSameVolume(wanted: TokenVolume, other: TokenVolume): PodDenial {
  const [first, second] = [other, wanted].map(({ secret }) => quote(secret.secretName, MAX_OBJECT_NAME));
  return {
    reason: 'VolumeNameTaken',
    what: `volume ${quote(wanted.name)} would have to show both tokens ${first} and ${second}`,
    remedy: 'add a volume for one of them to the pod, of another name',
  };
}
