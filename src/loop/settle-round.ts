import { describeContention, findContenders } from '../reconcile/contention.ts';
import { desiredStatus, isSameStatus } from '../reconcile/desired-status.ts';
import { earliest, nextDueTime } from '../reconcile/next-due-time.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Outcome } from '../reconcile/outcome.ts';
import type { RoundResult } from '../queue/work.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { toMilliseconds, type Seconds } from '../time/units.ts';
import { nextDisowning, type HeldWrite } from './ask-budget.ts';
import { retryAfter } from './retry-time.ts';
import type { DecidedRound } from './round.ts';
import type { WriteBudget } from './write-budget.ts';
import { writeStatus } from './write-status.ts';

/** The end of a round that leaves no write open, except perhaps that of the owners of the Secret. */
export async function settleRound(round: DecidedRound, result: Outcome): Promise<RoundResult> {
  const { reconciler, progress, observed, now } = round;
  const { budget, pending } = reconciler.memory;
  const nextAttemptAt = nextDisowning(budget, observed, now);
  const problem =
    result.problem ?? (nextAttemptAt === undefined ? undefined : budget.problem(progress.stored.uid));
  const next = await writeOutcome(round, {
    ...result,
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
    ...(problem === undefined ? {} : { problem }),
  });
  pending.forget(progress.stored.uid);
  return next;
}

/**
 * The Secret is left as it is until the wait is over: another client keeps changing it, or it cannot be written. An earlier
 * write may still arrive: the status that belongs to it is kept.
 */
export async function holdBack(round: DecidedRound, { isAsked, heldUntil }: HeldWrite): Promise<RoundResult> {
  const { reconciler, observed } = round;
  const { budget } = reconciler.memory;
  const { jwt } = observed;
  budget.noteHeld(jwt.uid, isAsked);
  const failure = budget.problem(jwt.uid);
  if (failure !== undefined) return writeOutcome(round, { problem: failure, nextAttemptAt: heldUntil });
  const contenders = await budget.findContenders(jwt.uid, async () =>
    findContenders(await reconciler.store.readSecret(jwt.namespace, jwt.name)),
  );
  const problem = describeContention(jwt, contenders);
  return writeOutcome(round, { problem, contenders, nextAttemptAt: heldUntil });
}

/** Writes the status that the result leads to, and schedules the next round. */
function writeOutcome(round: DecidedRound, result: Outcome): Promise<RoundResult> {
  const { reconciler, observed, now } = round;
  const outcome = reconciler.memory.budget.addContenders(observed.jwt.uid, result, { now });
  return saveStatus(round, outcome, desiredStatus(observed, outcome, now));
}

/** Writes the status, and schedules the next round. */
export async function saveStatus(
  round: DecidedRound,
  outcome: Outcome,
  status: RecordedStatus,
): Promise<RoundResult> {
  const { reconciler, progress, observed, now } = round;
  const isWritten = await writeStatus(reconciler, progress.stored, status);
  if (!isWritten && isStatusReplaced(round)) return waitUntil(now);
  return scheduleNextRound(reconciler.memory.budget, observed, outcome, now);
}

/**
 * Whether another status came meanwhile: of an earlier try, whose answer got lost. A write would have met it (409). A round with
 * nothing to write is followed by another one at once, as the change itself asks for no round while one is running.
 */
function isStatusReplaced({ reconciler, progress }: DecidedRound): boolean {
  const { namespace, name, uid, recorded } = progress.begunWith;
  const latest = reconciler.observer.sources.jwt(namespace, name);
  return latest?.uid === uid && !isSameStatus(latest.recorded, recorded);
}

/** The next round comes when time alone makes something due, or what waits may be done. */
export function scheduleNextRound(
  budget: WriteBudget,
  observed: Observed,
  { signed, nextAttemptAt }: Outcome,
  now: Seconds,
): RoundResult {
  if (observed.key.state === 'unavailable' && observed.key.isDisputed === true)
    return retryAfter({ observed, signed }, now);
  const due = nextDueTime(observed, signed?.claims.exp, now);
  const contendedUntil = budget.endOfContention(observed.jwt.uid, now);
  return waitUntil(earliest([due, nextAttemptAt, nextDisowning(budget, observed, now), contendedUntil]));
}

/** `time` in seconds since the epoch; `undefined`: nothing becomes due. */
export function waitUntil(time: Seconds | undefined): RoundResult {
  return { next: 'wait', dueAt: toMilliseconds(time) };
}
