import type { AdmissionAnswer } from '../resources/admission-review.ts';
import type { PatchOperation } from '../resources/json-patch.ts';
import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import type { AdmissionReason } from '../resources/reasons.ts';
import type { Result } from '../resources/result.ts';
import { isOptedOut, readAnnotationValues, type AnnotationValues } from './annotations.ts';
import type { ContainerPlan, Problem, Refusal, TokenMount } from './decision.ts';
import { makeEnv, setsEnv } from './env-var.ts';
import { MountPoints } from './mount-points.ts';
import { planPatch } from './patch.ts';
import { areTooManyMounts, explainTooLarge, PatchSize } from './patch-size.ts';
import { placeTokens, wantToken, type WantedToken } from './placement.ts';
import { findLongPath, mountPathOf, warnReadOnlyParent } from './plan-injection.ts';
import { annotationsOf, isMirrorPod, readContainers, readVolumes, type ContainerShape } from './pod-shape.ts';
import { checkEnvVar, checkInject, checkMountPath, DEFAULT_MOUNT_PATH } from './settings.ts';
import { explainTokenName, explainTooManyTokens, MAX_TOKENS, splitList } from './token-list.ts';
import { findTokenVolumes, type ShowingVolumes } from './token-volume.ts';
import { isTokenName } from './token-name.ts';
import { Warnings } from './warnings.ts';
import { quote } from './text.ts';

const LIST = 'ephemeralContainers';

export interface EphemeralInput {
  readonly pod: unknown;
  /** The pod before: its ephemeral containers may not be changed any more. */
  readonly oldPod: unknown;
  readonly namespaceDefault: string | undefined;
}

/**
 * `kubectl debug`: the new ephemeral containers of an injected pod see its tokens, whatever the lists of containers say.
 * Never a refusal, since nothing may prevent debugging: what cannot be is a warning. The volumes of a
 * running pod cannot be changed (Kubernetes API), so a token whose volume the pod lacks is one of those.
 */
export function decideEphemeral({ pod, oldPod, namespaceDefault }: EphemeralInput): AdmissionAnswer {
  const values = readAnnotationValues(annotationsOf(pod));
  const spec = objectMember(pod, 'spec');
  if (values === undefined || spec === undefined) return allow('NotRequested', 'left to the API server');
  if (isMirrorPod(pod)) return allow('NotRequested', 'mirror pods of static pods are never touched');
  if (isOptedOut(values)) return allow('OptedOut', `annotation ${INJECTION_ANNOTATIONS.inject} is "false"`);
  const volumes = readVolumes(spec);
  const containers = readContainers(spec, LIST, new Set());
  if (!volumes.ok) return allow('NoContainers', `left to the API server: ${volumes.problem}`);
  if (!containers.ok) return allow('NoContainers', `left to the API server: ${containers.problem}`);
  const found: Found = { warnings: new Warnings(), reason: undefined };
  const inject = checkInject(values.inject);
  if (!inject.ok) warn(found, invalid(inject.problem));
  const tokens = wantedTokens(values, namespaceDefault, volumes.value, found);
  if (tokens.length === 0) {
    return allow(found.reason ?? 'NotRequested', 'no token for ephemeral containers', found.warnings);
  }
  const old = new Set(
    arrayMember(objectMember(oldPod, 'spec'), LIST).map((item) => stringMember(item, 'name')),
  );
  const fresh = containers.value.filter(({ name }) => !old.has(name));
  if (fresh.length === 0) return allow('NoContainers', 'no new ephemeral container', found.warnings);
  const plans = planContainers(fresh, prepare(tokens, values, volumes.value), found);
  if (plans.length === 0) {
    return allow(found.reason ?? 'AlreadyInjected', 'nothing to add to ephemeral containers', found.warnings);
  }
  const names = tokens.map(({ name }) => name).join(', ');
  const operations = planPatch(pod, { volumes: [], containers: plans });
  return allow('Injected', `${names} injected into ephemeral containers`, found.warnings, operations);
}

/** Pods that name a token themselves need no default, and so no look at the namespace. */
export function ephemeralNeedsNamespaceDefault(pod: unknown): boolean {
  const values = readAnnotationValues(annotationsOf(pod));
  return values !== undefined && values.token === undefined && !isOptedOut(values);
}

interface Found {
  readonly warnings: Warnings;
  /** Of the first thing that cannot be. */
  reason: AdmissionReason | undefined;
}

function warn(found: Found, { reason, what }: Pick<Refusal, 'reason' | 'what'>): void {
  if (!found.warnings.isFull()) found.warnings.add('cannotInject', what);
  found.reason ??= reason;
}

function invalid({ what }: Problem): Pick<Refusal, 'reason' | 'what'> {
  return { reason: 'InvalidAnnotation', what };
}

interface EphemeralToken {
  readonly name: string;
  readonly volumes: ShowingVolumes;
  /** Position in the annotation: the first one is the one that the env var names. */
  readonly index: number;
}

/** The tokens whose volume the pod has. */
function wantedTokens(
  values: AnnotationValues,
  namespaceDefault: string | undefined,
  volumes: ReadonlyMap<string, JsonObject>,
  found: Found,
): readonly EphemeralToken[] {
  const named = values.token === undefined ? undefined : splitList(INJECTION_ANNOTATIONS.token, values.token);
  const all = [...new Set(named ?? (namespaceDefault === undefined ? [] : [namespaceDefault]))];
  if (all.length > MAX_TOKENS) warn(found, invalid(explainTooManyTokens(all.length)));
  const names = all.slice(0, MAX_TOKENS);
  const tokens: EphemeralToken[] = [];
  for (const [index, shown] of findTokenVolumes(volumes, names).entries()) {
    const name = names[index] ?? '';
    const tooLong = findLongPath(shown);
    if (tooLong !== undefined) warn(found, tooLong);
    else if (shown.size > 0) tokens.push({ name, index, volumes: shown });
    else if (named !== undefined) warn(found, { reason: 'InvalidAnnotation', what: explainLack(name) });
  }
  return tokens;
}

function explainLack(name: string): string {
  if (!isTokenName(name)) return explainTokenName(name).what;
  return `ephemeral containers do not get ${quote(name, 40)}: the pod has no volume with it`;
}

/** What is the same for all containers, the settings as far as they are right. */
interface Means {
  readonly tokens: readonly EphemeralToken[];
  readonly wanted: readonly WantedToken[];
  readonly mountPath: Result<string, Problem>;
  readonly envVar: Result<string, Problem>;
  readonly mountPoints: MountPoints;
}

function prepare(
  tokens: readonly EphemeralToken[],
  values: AnnotationValues,
  volumes: ReadonlyMap<string, JsonObject>,
): Means {
  const mountPath = checkMountPath(values.mountPath);
  const directory = mountPath.ok ? mountPath.value : DEFAULT_MOUNT_PATH;
  const wanted = tokens.map(({ name, index, volumes: shown }) => {
    const [volume = ''] = shown.keys();
    return wantToken(name, mountPathOf(directory, name, index), volume, shown);
  });
  return {
    tokens,
    wanted,
    mountPath,
    envVar: checkEnvVar(values.envVar),
    mountPoints: new MountPoints(volumes),
  };
}

/** Of the containers that lack something. */
function planContainers(
  containers: readonly ContainerShape[],
  means: Means,
  found: Found,
): readonly ContainerPlan[] {
  const plans: ContainerPlan[] = [];
  const size = new PatchSize();
  const tooMany = areTooManyMounts(containers, means.tokens.length);
  for (const container of tooMany ? [] : containers) {
    const plan = planContainer(container, means, found);
    if (plan.mounts.length === 0 && plan.env === undefined) continue;
    plans.push(plan);
    size.addContainer(plan);
    if (size.isTooLarge()) break;
  }
  if (!tooMany && !size.isTooLarge()) return plans;
  warn(found, explainTooLarge(containers.length, means.tokens.length));
  return [];
}

function planContainer(
  container: ContainerShape,
  { tokens, wanted, mountPath, envVar, mountPoints }: Means,
  found: Found,
): ContainerPlan {
  const mounts: TokenMount[] = [];
  let env: ContainerPlan['env'];
  for (const [position, placement] of placeTokens(container, wanted).entries()) {
    if (placement.how === 'blocked') {
      warn(found, placement.refusal);
      continue;
    }
    if (placement.how === 'mount') {
      if (!mountPath.ok) {
        warn(found, invalid(mountPath.problem));
        continue;
      }
      mounts.push(placement.mount);
      warnReadOnlyParent(container, placement.mount.mountPath, mountPoints, found.warnings);
    }
    if (tokens[position]?.index !== 0) continue;
    const { files } = placement;
    if (envVar.ok) {
      const isSet = setsEnv(container, envVar.value, files, found.warnings);
      env = isSet ? undefined : makeEnv(envVar.value, files[0] ?? '');
    } else warn(found, invalid(envVar.problem));
  }
  return { list: LIST, index: container.index, name: container.name, mounts, env };
}

function allow(
  reason: AdmissionReason,
  message: string,
  warnings?: Warnings,
  operations: readonly PatchOperation[] = [],
): AdmissionAnswer {
  const decision = operations.length > 0 ? 'inject' : 'skip';
  return { allowed: true, decision, reason, message, warnings: warnings?.list() ?? [], operations };
}
