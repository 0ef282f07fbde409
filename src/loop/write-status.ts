import { findCondition } from '../reconcile/conditions.ts';
import { isSameStatus } from '../reconcile/desired-status.ts';
import type { JsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import { GROUP, KIND, VERSION } from '../resources/names.ts';
import {
  formatRecordedStatus,
  type RecordedCondition,
  type RecordedStatus,
} from '../resources/recorded-status.ts';
import type { Memory } from './memory.ts';
import { subjectOf, type Recorder } from './recorder.ts';
import type { Reconciler } from './round.ts';

/**
 * Writes the status if it says anything new, and records every condition that changed. `stored`: the JWT as the API server
 * has it. Returns whether it was written. Throws what the API server answers.
 */
export async function writeStatus(
  { observer, store, recorder, memory }: Pick<Reconciler, 'observer' | 'store' | 'recorder' | 'memory'>,
  stored: Jwt,
  status: RecordedStatus,
): Promise<boolean> {
  if (!mustWriteStatus(memory, stored, status)) {
    const shown = observer.sources.jwt(stored.namespace, stored.name);
    if (shown?.resourceVersion === stored.resourceVersion) memory.conflicts.end(stored.uid, 'jwt');
    return false;
  }
  await store.applyStatus(statusBody(stored, status));
  memory.conflicts.end(stored.uid, 'jwt');
  recordChanges(recorder, stored, status);
  return true;
}

function recordChanges(recorder: Recorder, stored: Jwt, status: RecordedStatus): void {
  const subject = subjectOf(stored);
  for (const condition of status.conditions) {
    const before = findCondition(stored.recorded, condition.type);
    if (isNews(before, condition)) recorder.conditionChanged(subject, condition, before === undefined);
  }
  if (!stored.spec.ok) return; // most conditions need a spec that can be served: without one nothing is known of them
  for (const before of stored.recorded.conditions)
    if (findCondition(status, before.type) === undefined) recorder.conditionEnded(subject, before);
}

/** Whether a condition came, changed, or has had its cause once more (`Condition.isNew`). */
function isNews(before: RecordedCondition | undefined, condition: RecordedCondition): boolean {
  if (before?.status !== condition.status || before.reason !== condition.reason) return true;
  return before.lastTransitionTime !== condition.lastTransitionTime;
}

/**
 * Whether the status says what that of the API server does not, and has to be written. If that is no more than another version
 * of the same key, the memory takes note of it instead.
 */
export function mustWriteStatus(
  { proved }: Pick<Memory, 'proved'>,
  stored: Jwt,
  status: RecordedStatus,
): boolean {
  return !isSameStatus(status, stored.recorded) && !proved.absorb(stored, status);
}

/**
 * A status as the body of a server-side apply to the status subresource. It carries the observed resourceVersion: one
 * that arrives late overwrites no newer one, nor that of a JWT that was created again under the same name.
 *
 * @internal
 */
export function statusBody({ name, namespace, resourceVersion }: Jwt, status: RecordedStatus): JsonObject {
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: KIND,
    metadata: { name, namespace, resourceVersion },
    status: formatRecordedStatus(status),
  };
}
