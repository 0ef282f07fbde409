import type { StateReason } from '../resources/reasons.ts';
import type { RecordedCondition, RecordedStatus } from '../resources/recorded-status.ts';
import { wholeTime } from '../time/format-time.ts';
import type { Seconds } from '../time/units.ts';

/** Condition types of a JWT. `Ready` and `KeyAvailable` are always there, the others only when they say something. */
export type ConditionType =
  | 'Ready'
  | 'KeyAvailable'
  | 'RenewalClamped'
  | 'KeyIdReused'
  | 'IssuerMismatch'
  | 'RenewalOverdue'
  | 'PolicyDenied'
  | 'Contended';

/** `metav1.Condition` without its bookkeeping. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: StateReason;
  /** The text for people; ends with the remedy when there is something to fix. */
  readonly message: string;
  /** Its cause has just come again: that is a transition, and an Event, though `status` is the same. */
  readonly isNew?: boolean;
}

/** The recorded condition of that type. */
export function findCondition(
  { conditions }: Pick<RecordedStatus, 'conditions'>,
  type: string,
): RecordedCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/**
 * Conditions as they are to be recorded: `lastTransitionTime` moves only when `status` does (Kubernetes API
 * conventions), or would have done so between two writes. `now` in seconds since the epoch.
 */
export function recordConditions(
  conditions: readonly Condition[],
  previous: Pick<RecordedStatus, 'conditions'>,
  generation: number,
  now: Seconds,
): readonly RecordedCondition[] {
  return conditions.map(({ isNew = false, ...condition }) => {
    const before = findCondition(previous, condition.type);
    const since = before?.status === condition.status && !isNew ? before.lastTransitionTime : undefined;
    return {
      ...condition,
      observedGeneration: generation,
      lastTransitionTime: since ?? wholeTime(now),
    };
  });
}
