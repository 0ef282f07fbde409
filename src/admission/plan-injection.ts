import type { JsonObject } from '../resources/json.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { INJECTION_ANNOTATIONS, TOKEN_KEY } from '../resources/names.ts';
import type { InjectionRequest } from './annotations.ts';
import type { ContainerPlan, InjectionPlan, Refusal, TokenEnv, TokenMount, TokenVolume } from './decision.ts';
import { makeEnv, setsEnv } from './environment.ts';
import { findReadOnlyParent, placeToken, wantToken, type WantedToken } from './mounts.ts';
import type { ContainerShape } from './pod-shape.ts';
import { findTokenVolumes, makeTokenVolume, volumeKind } from './token-volume.ts';
import type { Warnings } from './warnings.ts';
import { quote, showPath } from './wording.ts';

/** A pod with more would exceed the 1.5 MiB that etcd takes; the patch for it could exhaust our memory. */
export const MAX_MOUNTS = 16_384;

/** What is missing in the selected containers and the volumes, so that nothing is left to plan once it is there. */
export function planInjection(
  volumes: ReadonlyMap<string, JsonObject>,
  selected: readonly ContainerShape[],
  request: InjectionRequest,
  warnings: Warnings,
): Result<InjectionPlan, Refusal> {
  if (selected.length * request.tokens.length > MAX_MOUNTS)
    return fail(explainTooMany(selected.length, request));
  const newVolumes: TokenVolume[] = [];
  const wanted: WantedToken[] = [];
  for (const [index, name] of request.tokens.entries()) {
    const shown = findTokenVolumes(volumes, name);
    const [existing] = shown.keys();
    const added = makeTokenVolume(name, request.defaultMode);
    if (existing === undefined) {
      const taken = volumes.get(added.name);
      if (taken !== undefined) return fail(explainVolumeTaken(added, taken));
      newVolumes.push(added);
      shown.set(added.name, TOKEN_KEY);
    }
    const volume = existing ?? added.name;
    wanted.push(wantToken(name, mountPathOf(request.mountPath, name, index), volume, shown));
  }
  const containers: ContainerPlan[] = [];
  const means = { wanted, newEnv: makeEnv(request.envVar, wanted[0]?.newMount.files[0] ?? ''), volumes };
  for (const container of selected) {
    const plan = planContainer(container, means, warnings);
    if (!plan.ok) return plan;
    if (plan.value.mounts.length > 0 || plan.value.env !== undefined) containers.push(plan.value);
  }
  return ok({ volumes: newVolumes, containers });
}

/** Adding a second token never moves the first. */
export function mountPathOf(mountPath: string, token: string, index: number): string {
  return index === 0 ? mountPath : `${mountPath}-${token}`;
}

interface Means {
  readonly wanted: readonly WantedToken[];
  /** For a container that gets a new mount of the first token; one object for all, as the mount is. */
  readonly newEnv: TokenEnv;
  readonly volumes: ReadonlyMap<string, JsonObject>;
}

function planContainer(
  container: ContainerShape,
  { wanted, newEnv, volumes }: Means,
  warnings: Warnings,
): Result<ContainerPlan, Refusal> {
  const mounts: TokenMount[] = [];
  let env: ContainerPlan['env'];
  for (const [index, token] of wanted.entries()) {
    const placement = placeToken(container, token);
    if (placement.how === 'blocked') return fail(placement.refusal);
    if (placement.how === 'mount') {
      mounts.push(placement.mount);
      warnReadOnlyParent(container, placement.mount.mountPath, volumes, warnings);
    } else if (!placement.refreshes) {
      warnings.addOnce(
        'neverRefreshes',
        `container ${quote(container.name, 24)}: mounts of ${quote(token.name, 24)} by subPath never see a renewed token`,
      );
    }
    const { files } = placement;
    if (index > 0 || setsEnv(container, newEnv.name, files, warnings)) continue;
    env = placement.how === 'mount' ? newEnv : makeEnv(newEnv.name, files[0] ?? '');
  }
  const { list, index, name } = container;
  return ok({ list, index, name, mounts, env });
}

function warnReadOnlyParent(
  container: ContainerShape,
  path: string,
  volumes: ReadonlyMap<string, JsonObject>,
  warnings: Warnings,
): void {
  const parent = findReadOnlyParent(container, path, volumes);
  if (parent === undefined) return;
  warnings.addOnce(
    'readOnlyParent',
    `container ${quote(container.name, 24)}: ${showPath(parent.path, 24)} is read-only, ${showPath(path, 30)} may be missing in it`,
  );
}

function explainTooMany(containers: number, { tokens }: InjectionRequest): Refusal {
  return {
    reason: 'InvalidAnnotation',
    what: `${tokens.length} tokens in ${containers} containers are more mounts than a Kubernetes object can hold`,
    remedy: `select containers with annotation ${INJECTION_ANNOTATIONS.containers}`,
  };
}

function explainVolumeTaken(wanted: TokenVolume, taken: JsonObject): Refusal {
  return {
    reason: 'VolumeNameTaken',
    what: `volume ${quote(wanted.name)} is of kind ${volumeKind(taken)} and does not show key "${TOKEN_KEY}" of Secret ${quote(wanted.secret.secretName, 253)}`,
    remedy: 'give that volume another name',
  };
}
