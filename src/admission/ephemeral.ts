import type { AdmissionAnswer } from '../resources/admission-review.ts';
import type { PatchOperation } from '../resources/json-patch.ts';
import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import type { AdmissionReason } from '../resources/reasons.ts';
import {
  explainTokenName,
  isOptedOut,
  MAX_TOKENS,
  readAnnotationValues,
  splitList,
  type AnnotationValues,
} from './annotations.ts';
import type { ContainerPlan, TokenMount } from './decision.ts';
import { makeEnv, setsEnv } from './environment.ts';
import { placeToken, wantToken } from './mounts.ts';
import { planPatch } from './patch.ts';
import { MAX_MOUNTS, mountPathOf } from './plan-injection.ts';
import { annotationsOf, isMirrorPod, readContainers, readVolumes, type ContainerShape } from './pod-shape.ts';
import { checkEnvVar, checkMountPath, DEFAULT_MOUNT_PATH } from './settings.ts';
import { findTokenVolumes } from './token-volume.ts';
import { isTokenName } from './token-name.ts';
import { Warnings } from './warnings.ts';
import { quote } from './wording.ts';

const LIST = 'ephemeralContainers';

export interface EphemeralInput {
  readonly pod: unknown;
  /** The pod before: its ephemeral containers may not be changed any more. */
  readonly oldPod: unknown;
  readonly namespaceDefault: string | undefined;
}

/**
 * `kubectl debug`: the new ephemeral containers of an injected pod see its tokens, whatever the lists of containers say.
 * Never a refusal, since nothing may stand in the way of debugging: what cannot be is a warning. The volumes of a
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
  const tokens = wantedTokens(values, namespaceDefault, volumes.value, found);
  if (tokens.length === 0) {
    return allow(found.reason ?? 'NotRequested', 'no token for ephemeral containers', found.warnings);
  }
  const old = new Set(
    arrayMember(objectMember(oldPod, 'spec'), LIST).map((item) => stringMember(item, 'name')),
  );
  const fresh = containers.value.filter(({ name }) => !old.has(name));
  if (fresh.length === 0) return allow('NoContainers', 'no new ephemeral container', found.warnings);
  if (fresh.length * tokens.length > MAX_MOUNTS)
    return allow('InvalidAnnotation', 'more mounts than a pod can hold');
  const plans = fresh.map((container) => planContainer(container, tokens, values, found));
  const changed = plans.filter(({ mounts, env }) => mounts.length > 0 || env !== undefined);
  if (changed.length === 0) {
    return allow(found.reason ?? 'AlreadyInjected', 'nothing to add to ephemeral containers', found.warnings);
  }
  const names = tokens.map(({ name }) => name).join(', ');
  const operations = planPatch(pod, { volumes: [], containers: changed });
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

function warn(found: Found, reason: AdmissionReason, text: string): void {
  if (!found.warnings.isFull()) found.warnings.add('cannotInject', text);
  found.reason ??= reason;
}

interface EphemeralToken {
  readonly name: string;
  /** The one to mount, of those that show the token. */
  readonly volume: string;
  readonly volumes: ReadonlyMap<string, string>;
  /** Position in the annotation: the first one is the one that the env var names. */
  readonly index: number;
}

function wantedTokens(
  values: AnnotationValues,
  namespaceDefault: string | undefined,
  volumes: ReadonlyMap<string, JsonObject>,
  found: Found,
): readonly EphemeralToken[] {
  const named = values.token === undefined ? undefined : splitList(INJECTION_ANNOTATIONS.token, values.token);
  const names = named ?? (namespaceDefault === undefined ? [] : [namespaceDefault]);
  const tokens: EphemeralToken[] = [];
  for (const [index, name] of [...new Set(names)].slice(0, MAX_TOKENS).entries()) {
    const shown = findTokenVolumes(volumes, name);
    const [volume] = shown.keys();
    if (volume !== undefined) tokens.push({ name, index, volume, volumes: shown });
    else if (named !== undefined) warn(found, 'InvalidAnnotation', explainLack(name));
  }
  return tokens;
}

function explainLack(name: string): string {
  if (!isTokenName(name)) return explainTokenName(name).what;
  return `ephemeral containers do not get ${quote(name, 40)}: the pod has no volume with it`;
}

function planContainer(
  container: ContainerShape,
  tokens: readonly EphemeralToken[],
  values: AnnotationValues,
  found: Found,
): ContainerPlan {
  const mounts: TokenMount[] = [];
  let env: ContainerPlan['env'];
  const mountPath = checkMountPath(values.mountPath);
  const envVar = checkEnvVar(values.envVar);
  for (const token of tokens) {
    const path = mountPathOf(mountPath.ok ? mountPath.value : DEFAULT_MOUNT_PATH, token.name, token.index);
    const placement = placeToken(container, wantToken(token.name, path, token.volume, token.volumes));
    if (placement.how === 'blocked') {
      warn(found, placement.refusal.reason, placement.refusal.what);
      continue;
    }
    if (placement.how === 'mount') {
      if (!mountPath.ok) {
        warn(found, 'InvalidAnnotation', mountPath.problem.what);
        continue;
      }
      mounts.push(placement.mount);
    }
    if (token.index !== 0) continue;
    const { files } = placement;
    if (envVar.ok) {
      const isSet = setsEnv(container, envVar.value, files, found.warnings);
      env = isSet ? undefined : makeEnv(envVar.value, files[0] ?? '');
    } else warn(found, 'InvalidAnnotation', envVar.problem.what);
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
