import { arrayMember, isJsonObject, stringMember, type JsonObject } from '../resources/json.ts';
import type { StateReason } from '../resources/reasons.ts';

/** Condition types of a JWT. `Ready` and `KeyAvailable` are always there, the others only when they say something. */
export type ConditionType =
  | 'Ready'
  | 'KeyAvailable'
  | 'RenewalClamped'
  | 'KeyIdReused'
  | 'IssuerMismatch'
  | 'RenewalOverdue'
  | 'Contended';

/** `metav1.Condition` without its bookkeeping. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: StateReason;
  /** For people; ends with the remedy when there is something to fix. */
  readonly message: string;
}

/** The condition of that type in a stored status. */
export function findCondition(status: JsonObject, type: unknown): JsonObject | undefined {
  return arrayMember(status, 'conditions')
    .filter(isJsonObject)
    .find((condition) => condition['type'] === type);
}

/**
 * Conditions as they are stored: `lastTransitionTime` (RFC 3339) moves only when `status` does (Kubernetes API
 * conventions).
 */
export function storeConditions(
  conditions: readonly Condition[],
  previous: JsonObject,
  generation: number,
  now: string,
): readonly JsonObject[] {
  return conditions.map((condition) => {
    const before = findCondition(previous, condition.type);
    const since =
      before?.['status'] === condition.status ? stringMember(before, 'lastTransitionTime') : undefined;
    return { ...condition, observedGeneration: generation, lastTransitionTime: since ?? now };
  });
}
