import { isAskedFor } from '../reconcile/contention.ts';
import { desiredStatus } from '../reconcile/desired-status.ts';
import { renewalLateness } from '../reconcile/lateness.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Outcome } from '../reconcile/outcome.ts';
import { planNext, type Plan, type SecretChange, type TokenPlan } from '../reconcile/plan.ts';
import { releasePatch, releaseTime } from '../reconcile/take-over.ts';
import type { RoundResult } from '../queue/work.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { ok, type Result } from '../resources/result.ts';
import { toSeconds, type Seconds } from '../time/units.ts';
import { disownSecret, repairSecret, writeToken } from './act.ts';
import { heldBeforeRead, isHeld, nextDisowning, planWrite, type PlannedWrite } from './ask-budget.ts';
import { failRound } from './fail-round.ts';
import { makeToken } from './make-token.ts';
import { observeWithoutChecking, type Known, type SecretWithEvidence } from './observe.ts';
import { observeAndPlan, type PlanningOptions } from './observe-and-plan.ts';
import { subjectOf } from './recorder.ts';
import type { AttemptedWrite, DecidedRound, Progress, Reconciler } from './round.ts';
import { holdBack, saveStatus, scheduleNextRound, settleRound, waitUntil } from './settle-round.ts';
import { isSoonSettled } from './write-end.ts';
import { mustWriteStatus } from './write-status.ts';

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
    const options: PlanningOptions = {
      now,
      mayRead: (read, seen) => heldBeforeRead(reconciler.memory.budget, seen, read, now) === undefined,
      mayDisown: () => reconciler.memory.budget.nextWriteAt(stored.uid, now) <= now,
      mustRead: (next, seen, known) => readBeforeWrite(reconciler, next, seen, known, now),
      withUnwritten: (jwt, known) => withUnwrittenStatus(reconciler, jwt, known),
      onObserved: (seen, { jwt = stored }) => {
        progress.observed = seen;
        progress.stored = jwt;
      },
    };
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

/**
 * The result of the round of a JWT that needs nothing: no request, no signature to be checked, nothing to write or to
 * report. `undefined`: it takes a whole round. Most JWTs are like that, when a term begins and later, and there may be a
 * hundred thousand. Never throws.
 */
export function skipRound(reconciler: Reconciler, stored: Jwt): RoundResult | undefined {
  const { observer, memory } = reconciler;
  const now = toSeconds(reconciler.now());
  try {
    memory.budget.resume(stored, now);
    if (memory.conflicts.mustRead(stored.uid, 'jwt')) return undefined;
    const observation = observeWithoutChecking(
      observer,
      withUnwrittenStatus(reconciler, stored, {}),
      {},
      now,
    );
    if (observation.state !== 'complete') return undefined;
    const { observed } = observation;
    if (planNext(observed, now).do !== 'upToDate') return undefined;
    const outcome = memory.budget.addContenders(observed.jwt.uid, {}, { now });
    if (mustWriteStatus(memory, stored, desiredStatus(observed, outcome, now))) return undefined;
    memory.pending.forget(stored.uid);
    return scheduleNextRound(memory.budget, observed, outcome, now);
  } catch {
    return undefined; // the whole round meets it again, and reports it
  }
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
  const isToken = plan.do === 'sign' || plan.do === 'repair';
  const isWrite =
    plan.do === 'disown' || (isToken && planWrite(budget, observed, plan, now).heldUntil === undefined);
  return isWrite ? 'token' : undefined;
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

async function sign(
  round: DecidedRound,
  plan: Extract<SecretChange, { do: 'sign' }>,
  write: PlannedWrite,
): Promise<RoundResult> {
  const { reconciler, observed } = round;
  const written = await writeNewToken(round, plan, write);
  if (!written.ok) return settleRound(round, { problem: written.problem });
  const { outcome, status } = written.value;
  const next = await saveStatus(round, outcome, status);
  reconciler.memory.pending.forget(observed.jwt.uid);
  return next;
}

/** Signs a token and writes it to the Secret; returns what its status is to say, or why it cannot be made. */
async function writeNewToken(
  round: DecidedRound,
  { cause }: Extract<SecretChange, { do: 'sign' }>,
  write: PlannedWrite & { readonly keepsOwner?: true },
): Promise<Result<{ readonly outcome: Outcome; readonly status: RecordedStatus }, StateProblem>> {
  const { reconciler, progress, observed, now } = round;
  const { jwt } = observed;
  const made = await makeToken(observed, now);
  if (!made.ok) return made;
  const { claims, algorithm, keyId, issuedAt, duration } = made.value;
  const signed = { claims, issuedAt };
  const more = write.isScheduled ? 0 : 1;
  const outcome = reconciler.memory.budget.addContenders(jwt.uid, { signed }, { now, more });
  const status = desiredStatus(observed, outcome, now);
  // If the answer to the write gets lost, the token that is found in the Secret shows whether it arrived.
  reconciler.memory.pending.note(progress.stored, claims.jti, status);
  const { isScheduled } = write;
  await spend(round, { isScheduled, isAsked: write.isAsked, tokenId: claims.jti }, () =>
    writeToken(reconciler.store, observed, made.value, write.keepsOwner),
  );
  reconciler.memory.pending.written(jwt.uid, claims.jti);
  progress.signed = signed;
  reconciler.recorder.signed({
    ...subjectOf(jwt),
    cause,
    algorithm,
    keyId,
    tokenId: claims.jti,
    expiresAt: claims.exp,
    duration,
    lateness: renewalLateness(observed, cause, now),
  });
  return ok({ outcome, status });
}

async function repair(round: DecidedRound, { isScheduled, isAsked }: PlannedWrite): Promise<RoundResult> {
  const { reconciler, observed } = round;
  await spend(round, { isScheduled, isAsked, tokenId: undefined }, () =>
    repairSecret(reconciler.store, observed),
  );
  reconciler.recorder.repaired(subjectOf(observed.jwt));
  return settleRound(round, {});
}

/**
 * Takes the JWT off the owners of its Secret, and returns the Secret: what else is due is decided on it. If that fails, a token
 * that is due is written before the failure is thrown: a policy may forbid the one and allow the other forever.
 */
async function disown(round: DecidedRound, options: PlanningOptions): Promise<SecretWithEvidence> {
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
  if (write.heldUntil === undefined)
    await writeNewToken({ reconciler, progress, observed, now }, plan, { ...write, keepsOwner: true });
}

/** Makes a write of the Secret, and counts it, also when it fails or meets a change of another client (`failRound`). */
async function spend<T>(
  { reconciler, progress, now }: DecidedRound,
  write: AttemptedWrite,
  action: () => Promise<T>,
): Promise<T> {
  progress.write = write;
  const result = await action();
  progress.write = undefined;
  const { budget, conflicts } = reconciler.memory;
  budget.spend(progress.stored.uid, now, { isScheduled: write.isScheduled, isAsked: write.isAsked });
  conflicts.end(progress.stored.uid, 'token');
  return result;
}

/** The JWT with what its status is still to say, by the token in its Secret: as it was read, or else as the cache has it. */
function withUnwrittenStatus({ observer, memory }: Reconciler, jwt: Jwt, known: Known): Jwt {
  const secret = known.secret ?? observer.sources.tokenSecret(jwt.namespace, jwt.name);
  const evidence = secret === undefined || secret === 'absent' ? undefined : secret.evidence;
  return memory.withUnwritten(jwt, evidence?.facts?.jti);
}
