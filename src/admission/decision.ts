import type { AdmissionReason } from '../resources/reasons.ts';
import { NO_WARNINGS, type Warning } from './warnings.ts';

/** A problem, and how the user can solve it. Joined by a colon they are the message. */
export interface Problem {
  readonly what: string;
  readonly remedy: string;
}

/** Kubernetes API, core/v1 Volume. */
export interface TokenVolume {
  readonly name: string;
  readonly secret: {
    readonly secretName: string;
    readonly items: readonly [{ readonly key: string; readonly path: string }];
    readonly defaultMode: number;
    readonly optional: false;
  };
}

/** Kubernetes API, core/v1 VolumeMount. Never with `subPath`: such mounts do not see a renewed token. */
export interface TokenMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: true;
}

/** Kubernetes API, core/v1 EnvVar. */
export interface TokenEnv {
  readonly name: string;
  readonly value: string;
}

/** The lists of containers in a pod's spec, by their names there. */
export type ContainerList = 'initContainers' | 'containers' | 'ephemeralContainers';

/** The additions to one container; a container that lacks nothing has no plan. */
export interface ContainerPlan {
  readonly list: ContainerList;
  readonly index: number;
  readonly name: string;
  readonly mounts: readonly TokenMount[];
  readonly env: TokenEnv | undefined;
}

/** The additions to a pod, in the order of the patch. */
export interface InjectionPlan {
  readonly volumes: readonly TokenVolume[];
  readonly containers: readonly ContainerPlan[];
}

interface DecisionText {
  /** The text for people, one line. */
  readonly message: string;
  /** The warnings in any order: `mostUseful` chooses those that are shown. */
  readonly warnings: readonly Warning[];
}

/** The pod stays as it is and is admitted. */
export interface SkipDecision extends DecisionText {
  readonly decision: 'skip';
  readonly reason: AdmissionReason;
}

/** The pod is admitted with the plan carried out. `tokens`: names of JWTs, at least one. */
interface InjectDecision extends DecisionText {
  readonly decision: 'inject';
  readonly reason: 'Injected';
  readonly tokens: readonly string[];
  readonly plan: InjectionPlan;
}

/** The pod is refused. `message` is the problem with its remedy. */
export interface DenyDecision extends DecisionText {
  readonly decision: 'deny';
  readonly reason: DenyReason;
  readonly problem: Problem;
}

/** The reasons for a refusal. An internal error is not among them: it is answered where it is caught. */
type DenyReason = Extract<
  AdmissionReason,
  'InvalidAnnotation' | 'MountPathTaken' | 'VolumeNameTaken' | 'WindowsPod' | 'TooLarge'
>;

/** The decision on one pod. */
export type Decision = SkipDecision | InjectDecision | DenyDecision;

/** A problem for which the pod is refused. */
export interface PodDenial extends Problem {
  readonly reason: DenyReason;
}

/** Leaves the pod as it is. `message` is one line for people. */
export function skipPod(
  reason: AdmissionReason,
  message: string,
  warnings: readonly Warning[] = NO_WARNINGS,
): SkipDecision {
  return { decision: 'skip', reason, message, warnings };
}

/** Refuses the pod, with what is wrong and the remedy in one line. */
export function denyPod({ reason, what, remedy }: PodDenial, warnings: readonly Warning[]): DenyDecision {
  return { decision: 'deny', reason, problem: { what, remedy }, message: `${what}: ${remedy}`, warnings };
}
