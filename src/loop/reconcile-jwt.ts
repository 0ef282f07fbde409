import type { Observed } from '../reconcile/observed.ts';
import type { Plan, TokenPlan } from '../reconcile/plan.ts';
import { releasePatch, releaseTime } from '../reconcile/take-over.ts';
import type { RoundResult } from '../queue/work.ts';
import type { Jwt } from '../resources/jwt.ts';
import { toSeconds, type Seconds } from '../time/units.ts';
import { repairSecret } from './act.ts';
import { heldBeforeRead, isHeld, nextDisowning, planWrite, type PlannedWrite } from './ask-budget.ts';
import { disown } from './disown.ts';
import { failRound } from './fail-round.ts';
import type { Known } from './observe.ts';
import { observeAndPlan, type PlanningOptions } from './observe-and-plan.ts';
import { subjectOf } from './recorder.ts';
import type { DecidedRound, Progress, Reconciler } from './round.ts';
import { holdBack, settleRound, waitUntil } from './settle-round.ts';
import { sign } from './sign-and-write.ts';
import { spend } from './spend-write.ts';
import { withUnwrittenStatus } from './unwritten-status.ts';

/**
 * One round for one JWT: observe, plan, act, write the status. Never throws.
 * @param nextAttemptAt when it is tried again if this round fails, in seconds since the epoch.
 */
export async function reconcileJwt(
  reconciler: Reconciler,
  stored: Jwt,
  nextAttemptAt: Seconds,
): Promise<RoundResult> {
  const now = toSeconds(reconciler.now());
  const progress: Progress = {
    begunWith: stored,
    stored,
    observed: undefined,
    write: undefined,
    signed: undefined,
  };
  try {
    reconciler.memory.budget.resume(stored, now);
    const options = planningOptions(reconciler, progress, now);
    let known: Known = {};
    for (;;) {
      const { observed, plan } = await observeAndPlan(reconciler.observer, stored, { ...options, known });
      const round = { reconciler, progress, observed, now };
      if (plan.do !== 'disown') return await carryOut(round, plan);
      known = { secret: await disown(round, options) };
    }
  } catch (error) {
    return failRound(reconciler, progress, error, { now, nextAttemptAt });
  }
}

/** How the round observes and plans; `progress` keeps what was observed. */
function planningOptions(reconciler: Reconciler, progress: Progress, now: Seconds): PlanningOptions {
  const { budget } = reconciler.memory;
  const { begunWith } = progress;
  return {
    now,
    mayRead: (plan, observed) => heldBeforeRead(budget, observed, plan, now) === undefined,
    mayDisown: () => budget.nextWriteAt(begunWith.uid, now) <= now,
    mustRead: (plan, observed, known) => readBeforeWrite(reconciler, plan, observed, known, now),
    withUnwritten: (jwt, known) => withUnwrittenStatus(reconciler, jwt, known),
    onObserved: (observed, { jwt = begunWith }) => {
      progress.observed = observed;
      progress.stored = jwt;
    },
  };
}

/** The object to read before it is written again, since the last writes met changes that no watch has reported. */
function readBeforeWrite(
  { memory: { budget, conflicts } }: Reconciler,
  plan: Plan,
  observed: Observed,
  known: Known,
  now: Seconds,
): 'token' | 'jwt' | undefined {
  const { uid } = observed.jwt;
  if (known.jwt === undefined && conflicts.mustRead(uid, 'jwt')) return 'jwt';
  if (known.secret !== undefined || !conflicts.mustRead(uid, 'token')) return undefined;
  if (plan.do === 'disown') return 'token';
  const isToken = plan.do === 'sign' || plan.do === 'repair';
  return isToken && !isHeld(planWrite(budget, observed, plan, now)) ? 'token' : undefined;
}

/** Does what the plan says. Throws refusals of the API server, and bugs; `progress` holds what was known by then. */
async function carryOut(round: DecidedRound, plan: TokenPlan): Promise<RoundResult> {
  const { reconciler, observed } = round;
  const { namespace, name } = observed.jwt;
  switch (plan.do) {
    case 'read': {
      const held = heldBeforeRead(reconciler.memory.budget, observed, plan, round.now);
      if (held === undefined) throw new Error('a plan was to be carried out before all was read');
      return holdBack(round, held);
    }
    case 'ignore':
      return waitUntil(
        nextDisowning(reconciler.memory.budget, observed, round.now) ?? releaseTime(observed.jwt),
      );
    case 'release':
      await reconciler.store.patchJwt(namespace, name, releasePatch(observed.jwt));
      return waitUntil(undefined);
    case 'upToDate':
      return settleRound(round, {});
    case 'report':
      return settleRound(round, { problem: plan.problem });
    case 'sign':
    case 'repair': {
      const write = planWrite(reconciler.memory.budget, observed, plan, round.now);
      if (isHeld(write)) return holdBack(round, write);
      return plan.do === 'sign' ? sign(round, plan, write) : repair(round, write);
    }
    default:
      return plan satisfies never;
  }
}

async function repair(round: DecidedRound, { isScheduled, isAsked }: PlannedWrite): Promise<RoundResult> {
  const { reconciler, observed } = round;
  await spend(round, { isScheduled, isAsked, tokenId: undefined }, () =>
    repairSecret(reconciler.store, observed),
  );
  reconciler.recorder.repaired(subjectOf(observed.jwt));
  return settleRound(round, {});
}
