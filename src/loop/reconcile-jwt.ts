import { describeContention } from '../reconcile/contention.ts';
import { desiredStatus } from '../reconcile/desired-status.ts';
import { renewalLateness } from '../reconcile/lateness.ts';
import { earliest, nextDueTime } from '../reconcile/next-due-time.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Outcome } from '../reconcile/outcome.ts';
import { planNext, type Plan, type SecretChange, type TokenPlan } from '../reconcile/plan.ts';
import { releasePatch, releaseTime } from '../reconcile/take-over.ts';
import type { RoundResult } from '../queue/work.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { toMilliseconds, toSeconds, type Milliseconds, type Seconds } from '../time/units.ts';
import { disownSecret, repairSecret, writeToken, type Store } from './act.ts';
import {
  failRound,
  retryAfter,
  type AttemptedWrite,
  type FailureHandler,
  type Progress,
} from './fail-round.ts';
import {
  addContenders,
  heldBeforeRead,
  lookForContenders,
  nextDisowning,
  planWrite,
  resumeContention,
  type PlannedWrite,
} from './hold-back.ts';
import { makeToken } from './make-token.ts';
import { observeWithoutChecking, type Known, type Observer, type TokenSecret } from './observe.ts';
import { observeAndPlan, type PlanningOptions } from './observe-and-plan.ts';
import { subjectOf } from './recorder.ts';
import type { WriteBudget } from './write-budget.ts';
import { mustWriteStatus, writeStatus } from './write-status.ts';

/** What rounds work with. */
export interface Reconciler extends FailureHandler {
  readonly observer: Observer;
  readonly store: Store;
  /** Since the epoch. */
  readonly now: () => Milliseconds;
}

/** One round after it has decided. `now` since the epoch. */
interface DecidedRound {
  readonly reconciler: Reconciler;
  readonly progress: Progress;
  readonly observed: Observed;
  readonly now: Seconds;
}

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
  const progress: Progress = { stored, observed: undefined, write: undefined, signed: undefined };
  try {
    resumeContention(reconciler.memory.budget, stored, now);
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
      known = { secret: await disown(round) };
    }
  } catch (error) {
    return failRound(reconciler, progress, error, { now, nextAttemptAt });
  }
}

/**
 * The result of the round of a JWT that needs nothing: no request, no signature to be checked, nothing to write or to
 * report. `undefined`: it takes a whole round. Most JWTs are like that when a term begins, and there may be a hundred
 * thousand. Never throws.
 */
export function skipRound(reconciler: Reconciler, stored: Jwt): RoundResult | undefined {
  const { observer, memory } = reconciler;
  const now = toSeconds(reconciler.now());
  try {
    resumeContention(memory.budget, stored, now);
    const observation = observeWithoutChecking(
      observer,
      withUnwrittenStatus(reconciler, stored, {}),
      {},
      now,
    );
    if (observation.state !== 'complete') return undefined;
    const { observed } = observation;
    if (planNext(observed, now).do !== 'upToDate') return undefined;
    const outcome = addContenders(memory.budget, observed.jwt, {}, { now });
    if (mustWriteStatus(memory, stored, desiredStatus(observed, outcome, now))) return undefined;
    memory.pending.forget(stored.uid);
    return scheduleNextRound(memory.budget, observed, outcome, now);
  } catch {
    return undefined; // the whole round meets it again, and reports it
  }
}

/** What is read before it is written again, since the last writes met changes that no watch has reported. */
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
      const heldUntil = heldBeforeRead(reconciler.memory.budget, observed, plan, round.now);
      if (heldUntil === undefined) throw new Error('a plan was to be carried out before all was read');
      return holdBack(round, heldUntil);
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
      if (write.heldUntil !== undefined) return holdBack(round, write.heldUntil);
      return plan.do === 'sign' ? sign(round, plan, write) : repair(round, write);
    }
    default:
      return plan satisfies never;
  }
}

async function sign(
  round: DecidedRound,
  { cause }: Extract<SecretChange, { do: 'sign' }>,
  write: PlannedWrite,
): Promise<RoundResult> {
  const { reconciler, progress, observed, now } = round;
  const { jwt } = observed;
  const made = await makeToken(observed, now);
  if (!made.ok) return settleRound(round, { problem: made.problem });
  const { claims, algorithm, keyId, issuedAt, duration } = made.value;
  const signed = { claims, issuedAt };
  const more = write.isScheduled ? 0 : 1;
  const outcome = addContenders(reconciler.memory.budget, jwt, { signed }, { now, more });
  const status = desiredStatus(observed, outcome, now);
  // If the answer to the write gets lost, the token that is found in the Secret shows whether it arrived.
  reconciler.memory.pending.note(jwt.uid, claims.jti, status);
  await spend(round, { isScheduled: write.isScheduled, tokenId: claims.jti }, () =>
    writeToken(reconciler.store, observed, made.value),
  );
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
  const next = await saveStatus(round, outcome, status);
  reconciler.memory.pending.forget(jwt.uid);
  return next;
}

async function repair(round: DecidedRound, write: PlannedWrite): Promise<RoundResult> {
  const { reconciler, observed } = round;
  await spend(round, { isScheduled: write.isScheduled, tokenId: undefined }, () =>
    repairSecret(reconciler.store, observed),
  );
  reconciler.recorder.repaired(subjectOf(observed.jwt));
  return settleRound(round, {});
}

/** Takes the JWT off the owners of its Secret, and returns the Secret: what else is due is decided on it. */
async function disown(round: DecidedRound): Promise<TokenSecret> {
  const { reconciler, observed } = round;
  const secret = await spend(round, { isScheduled: false, tokenId: undefined }, () =>
    disownSecret(reconciler.store, observed),
  );
  reconciler.recorder.repaired(subjectOf(observed.jwt));
  return secret;
}

/**
 * The Secret is left as it is until the wait is over: somebody else keeps changing it, or it cannot be written. An earlier
 * write may still arrive: the status that belongs to it is kept.
 */
async function holdBack(round: DecidedRound, heldUntil: Seconds): Promise<RoundResult> {
  const { reconciler, observed } = round;
  const { jwt } = observed;
  const failure = reconciler.memory.budget.problem(jwt.uid);
  if (failure !== undefined) return writeOutcome(round, { problem: failure, nextAttemptAt: heldUntil });
  const contenders = await lookForContenders(reconciler.memory.budget, reconciler.store, jwt);
  const problem = describeContention(jwt, contenders);
  return writeOutcome(round, { problem, contenders, nextAttemptAt: heldUntil });
}

/** What is written to the Secret counts, also when it fails or meets a change of somebody else (`failRound`). */
async function spend<T>(
  { reconciler, progress, now }: DecidedRound,
  write: AttemptedWrite,
  action: () => Promise<T>,
): Promise<T> {
  progress.write = write;
  const result = await action();
  progress.write = undefined;
  const { budget, conflicts } = reconciler.memory;
  budget.spend(progress.stored.uid, now, write.isScheduled);
  conflicts.end(progress.stored.uid, 'token');
  return result;
}

/** The end of a round that leaves no write open. */
async function settleRound(round: DecidedRound, result: Outcome): Promise<RoundResult> {
  const { reconciler, observed, now } = round;
  const nextAttemptAt = nextDisowning(reconciler.memory.budget, observed, now);
  const next = await writeOutcome(round, nextAttemptAt === undefined ? result : { ...result, nextAttemptAt });
  reconciler.memory.pending.forget(round.progress.stored.uid);
  return next;
}

/** Writes the status that the result leads to, and schedules the next round. */
function writeOutcome(round: DecidedRound, result: Outcome): Promise<RoundResult> {
  const { reconciler, observed, now } = round;
  const outcome = addContenders(reconciler.memory.budget, observed.jwt, result, { now });
  return saveStatus(round, outcome, desiredStatus(observed, outcome, now));
}

async function saveStatus(
  { reconciler, progress, observed, now }: DecidedRound,
  outcome: Outcome,
  status: RecordedStatus,
): Promise<RoundResult> {
  await writeStatus(reconciler, progress.stored, status);
  return scheduleNextRound(reconciler.memory.budget, observed, outcome, now);
}

function scheduleNextRound(
  budget: WriteBudget,
  observed: Observed,
  { signed, nextAttemptAt }: Outcome,
  now: Seconds,
): RoundResult {
  if (observed.key.state === 'unavailable' && observed.key.isDisputed === true)
    return retryAfter({ observed, signed }, now);
  const due = nextDueTime(observed, signed?.claims.exp, now);
  return waitUntil(earliest([due, nextAttemptAt, nextDisowning(budget, observed, now)]));
}

function waitUntil(time: Seconds | undefined): RoundResult {
  return { next: 'wait', dueAt: toMilliseconds(time) };
}

/** The JWT with what its status is still to say, by the token in its Secret: as it was read, or else as the cache has it. */
function withUnwrittenStatus({ observer, memory }: Reconciler, jwt: Jwt, known: Known): Jwt {
  const secret = known.secret ?? observer.sources.tokenSecret(jwt.namespace, jwt.name);
  const evidence = secret === undefined || secret === 'absent' ? undefined : secret.evidence;
  return memory.withUnwritten(jwt, evidence?.facts?.jti);
}
