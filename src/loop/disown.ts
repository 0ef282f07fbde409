import { isAskedFor } from '../reconcile/contention.ts';
import { disownSecret } from './act.ts';
import { isHeld, planWrite } from './ask-budget.ts';
import type { SecretWithEvidence } from './observe.ts';
import { observeAndPlan, type PlanningOptions } from './observe-and-plan.ts';
import { subjectOf } from './recorder.ts';
import type { DecidedRound } from './round.ts';
import { writeNewToken } from './sign-and-write.ts';
import { spend } from './spend-write.ts';
import { isSoonSettled } from './write-end.ts';

/**
 * Takes the JWT off the owners of its Secret, and returns the Secret: what else is due is decided on it. If that fails, a token
 * that is due is written before the failure is thrown: a policy may forbid the one and allow the other forever.
 */
export async function disown(round: DecidedRound, options: PlanningOptions): Promise<SecretWithEvidence> {
  const { reconciler, progress, observed } = round;
  const write = { isScheduled: false, isAsked: isAskedFor({ do: 'disown' }, observed), tokenId: undefined };
  try {
    const secret = await spend(round, write, () => disownSecret(reconciler.store, observed));
    reconciler.recorder.disowned(subjectOf(observed.jwt));
    return secret;
  } catch (error) {
    if (isSoonSettled(reconciler, progress, error)) throw error;
    progress.write = undefined;
    await signMeanwhile(round, options);
    progress.write = write;
    throw error;
  }
}

/**
 * Signs what is due although the owners of the Secret are not as they should be; they stay as they are, as what refused the one
 * change would refuse the other. The status is left to the end of the round.
 */
async function signMeanwhile(
  { reconciler, progress, observed: { isJwtConfirmed }, now }: DecidedRound,
  options: PlanningOptions,
): Promise<void> {
  const { stored } = progress;
  const { observed, plan } = await observeAndPlan(reconciler.observer, stored, {
    ...options,
    known: isJwtConfirmed ? { jwt: stored } : {},
    mayDisown: () => false,
  });
  if (plan.do !== 'sign') return;
  const write = planWrite(reconciler.memory.budget, observed, plan, now);
  if (isHeld(write)) return;
  await writeNewToken({ reconciler, progress, observed, now }, plan, { ...write, keepsOwner: true });
}
