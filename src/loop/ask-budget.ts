import { isAskedFor } from '../reconcile/contention.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Plan, SecretChange } from '../reconcile/plan.ts';
import { isScheduledRenewal } from '../reconcile/scheduled-renewal.ts';
import { judgeOwnerReference } from '../reconcile/unwanted-owner.ts';
import type { Seconds } from '../time/units.ts';
import type { WriteBudget } from './write-budget.ts';

/** A write of the Secret that is due. */
export interface PlannedWrite {
  readonly isScheduled: boolean;
  /** A change of the JWT or of its key asks for it, not one of the Secret. */
  readonly isAsked: boolean;
  /** When it may be made; `undefined`: now. */
  readonly heldUntil: Seconds | undefined;
}

/** A write that has to wait. */
export interface HeldWrite extends PlannedWrite {
  readonly heldUntil: Seconds;
}

/** Whether and when the Secret may be written as the plan says. `now` in seconds since the epoch. */
export function planWrite(
  budget: WriteBudget,
  observed: Observed,
  plan: SecretChange,
  now: Seconds,
): PlannedWrite {
  const { uid } = observed.jwt;
  const nextRenewalAt = isScheduledRenewal(plan, observed, now)
    ? budget.nextRenewalAt(uid, now)
    : Number.POSITIVE_INFINITY;
  const nextAt = Math.min(nextRenewalAt, budget.nextWriteAt(uid, now));
  return {
    isScheduled: nextRenewalAt <= now,
    isAsked: isAskedFor(plan, observed) || budget.isHeldAsked(uid),
    heldUntil: nextAt <= now ? undefined : nextAt,
  };
}

/**
 * The write that is held back before which this is to be read: clients that keep changing the Secret would otherwise get a read
 * for each change. `undefined`: it is not held back, or the read decides whether there is one.
 */
export function heldBeforeRead(
  budget: WriteBudget,
  observed: Observed,
  { before }: Extract<Plan, { do: 'read' }>,
  now: Seconds,
): HeldWrite | undefined {
  const write = before === undefined ? undefined : planWrite(budget, observed, before, now);
  return write === undefined || !isHeld(write) ? undefined : write;
}

/** Whether the write has to wait. */
export function isHeld(write: PlannedWrite): write is HeldWrite {
  return write.heldUntil !== undefined;
}

/**
 * When the JWT may be taken off the owners of its Secret, or the Secret be read to see whether it must be; `undefined`: it need
 * not be. In seconds since the epoch.
 */
export function nextDisowning(budget: WriteBudget, observed: Observed, now: Seconds): Seconds | undefined {
  return judgeOwnerReference(observed) === 'harmless' ? undefined : budget.nextWriteAt(observed.jwt.uid, now);
}
