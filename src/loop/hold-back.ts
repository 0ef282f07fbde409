import { findCondition } from '../reconcile/conditions.ts';
import { findContenders, type Contenders } from '../reconcile/contention.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { SecretChange } from '../reconcile/plan.ts';
import { isScheduledRenewal } from '../reconcile/scheduled.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { Store } from './act.ts';
import type { WriteBudget } from './write-budget.ts';

/** A write of the Secret that is due. */
export interface PlannedWrite {
  readonly isScheduled: boolean;
  /** When it may be made, in milliseconds since the epoch; `undefined`: now. */
  readonly heldUntil: number | undefined;
}

/** Whether and when the Secret may be written as the plan says. `now` in seconds since the epoch. */
export function planWrite(
  budget: WriteBudget,
  observed: Observed,
  plan: SecretChange,
  now: number,
): PlannedWrite {
  const { uid } = observed.jwt;
  const isScheduled = isScheduledRenewal(plan, observed, now) && budget.mayRenew(uid, now * 1000);
  const nextWriteAt = budget.nextWriteAt(uid, now * 1000);
  return { isScheduled, heldUntil: isScheduled || nextWriteAt <= now * 1000 ? undefined : nextWriteAt };
}

/** After a restart the condition stays as it is until the Secret has been quiet for a while: no write for the restart itself. */
export function resumeContention(budget: WriteBudget, { uid, recorded }: Jwt, now: number): void {
  if (findCondition(recorded, 'Contended') !== undefined) budget.resume(uid, now * 1000);
}

/** Who changes the Secret, for the condition; asks the API server at most once per write. Throws what it answers. */
export function lookForContenders(
  budget: WriteBudget,
  store: Pick<Store, 'readSecret'>,
  { namespace, name, uid }: Observed['jwt'],
): Promise<Contenders> {
  return budget.findContenders(uid, async () => findContenders(await store.readSecret(namespace, name)));
}
