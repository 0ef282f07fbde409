import type { AdmissionReason } from '../resources/reasons.ts';
import { NO_WARNINGS, type Warning } from './warnings.ts';

/** Why something cannot be done: `what` is wrong, and what the user can do. Joined by a colon they are the message. */
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

export type ContainerList = 'initContainers' | 'containers' | 'ephemeralContainers';

/** What one container lacks; a container that lacks nothing has no plan. */
export interface ContainerPlan {
  readonly list: ContainerList;
  readonly index: number;
  readonly name: string;
  readonly mounts: readonly TokenMount[];
  readonly env: TokenEnv | undefined;
}

/** What the pod lacks, in the order in which the patch adds it. */
export interface InjectionPlan {
  readonly volumes: readonly TokenVolume[];
  readonly containers: readonly ContainerPlan[];
}

interface Explained {
  /** For people, one line. */
  readonly message: string;
  /** In any order: `mostUseful` chooses those that are shown. */
  readonly warnings: readonly Warning[];
}

export interface Skip extends Explained {
  readonly decision: 'skip';
  readonly reason: AdmissionReason;
}

export interface Inject extends Explained {
  readonly decision: 'inject';
  readonly reason: 'Injected';
  readonly tokens: readonly string[];
  readonly plan: InjectionPlan;
}

export interface Deny extends Explained {
  readonly decision: 'deny';
  readonly reason: DenyReason;
  readonly problem: Problem;
}

export type DenyReason = Extract<
  AdmissionReason,
  'InvalidAnnotation' | 'MountPathTaken' | 'VolumeNameTaken' | 'WindowsPod' | 'TooLarge'
>;

export type Decision = Skip | Inject | Deny;

/** A problem for which the pod is refused. */
export interface Denial extends Problem {
  readonly reason: DenyReason;
}

export function skip(
  reason: AdmissionReason,
  message: string,
  warnings: readonly Warning[] = NO_WARNINGS,
): Skip {
  return { decision: 'skip', reason, message, warnings };
}

export function deny({ reason, what, remedy }: Denial, warnings: readonly Warning[]): Deny {
  return { decision: 'deny', reason, problem: { what, remedy }, message: `${what}: ${remedy}`, warnings };
}
