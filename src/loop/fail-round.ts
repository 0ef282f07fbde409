import { desiredStatus } from '../reconcile/desired-status.ts';
import { doubtfulStatus } from '../reconcile/doubtful-status.ts';
import type { Failure } from '../reconcile/failure.ts';
import { describeRefusal, waitAfterRefusal } from '../reconcile/refusal.ts';
import type { Retry, RoundResult } from '../queue/work.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { Milliseconds, Seconds } from '../time/units.ts';
import { subjectOf } from './recorder.ts';
import { attemptTime, retryAfter } from './retry-time.ts';
import type { Progress, Reconciler } from './round.ts';
import { countWrite, failureOf, writeEndOf } from './write-end.ts';
import { writeStatus } from './write-status.ts';

/** The words of the status for a bug: its own words may hold a secret. */
const INTERNAL_ERROR = 'an internal error; see the log of jwt-injector; it is tried again';

/** When a failed round is tried again at the earliest, and when it failed; in seconds since the epoch. */
interface FailureTimes {
  readonly now: Seconds;
  readonly nextAttemptAt: Seconds;
}

/** After a refusal of the API server or a bug: the status says so if it still can, and the JWT is tried again. Never throws. */
export async function failRound(
  reconciler: Reconciler,
  progress: Progress,
  error: unknown,
  times: FailureTimes,
): Promise<RoundResult> {
  const { stored, write } = progress;
  const { now } = times;
  const failure = failureOf(reconciler, error);
  if (failure === undefined) reconciler.onBug(error);
  const end = writeEndOf(failure, error);
  // Only a refused write of the Secret may wait that long: the service needs its other requests sooner.
  const refusal = write === undefined ? undefined : failure?.refusal;
  const refusedWait = refusal === undefined ? undefined : waitAfterRefusal(refusal);
  const problem = problemOfFailure(failure, stored, refusedWait);
  countWrite(reconciler, progress, now, end, problem);
  const retry = retryAfter(progress, now, failure?.retryAfter, refusedWait);
  if (failure?.meaning === 'terminating') return { next: 'wait' };
  if (end === 'notSent') return retry;
  if (end === 'conflict' && noteConflict(reconciler, progress)) return retry;
  // The watch will report that it is gone; if it stays after all, it is tried again.
  const mayBeGone = end === 'conflict' || failure?.meaning === 'absent';
  if (mayBeGone && (await isGone(reconciler, stored))) return { next: 'retry' };
  return reportAndRetry(reconciler, progress, { failure, problem, retry }, times);
}

/** Notes a conflict; returns whether the next round is expected to see what changed, so that nothing is to be said yet. */
function noteConflict(
  { memory: { conflicts } }: Pick<Reconciler, 'memory'>,
  { stored: { uid }, write, signed }: Progress,
): boolean {
  const source = write === undefined ? 'jwt' : 'token';
  const wasRead = conflicts.mustRead(uid, source);
  conflicts.note(uid, source);
  return !wasRead && signed === undefined;
}

/** A failure to be reported, and the next try if the status can say so. */
interface Reported {
  readonly failure: Failure | undefined;
  readonly problem: StateProblem;
  readonly retry: Retry;
}

async function reportAndRetry(
  reconciler: Reconciler,
  progress: Progress,
  { failure, problem, retry }: Reported,
  { now, nextAttemptAt }: FailureTimes,
): Promise<Retry> {
  const triedAgainAt = attemptTime(retry, now, nextAttemptAt);
  const statusWait = await reportProblem(reconciler, progress, failure, { problem, triedAgainAt, now });
  // As long as the status does not say it, nobody knows what to change: the long wait of a refused Secret is for later.
  const askedWait = Math.max(failure?.retryAfter ?? 0, statusWait ?? 0);
  const next = statusWait === undefined ? retry : retryAfter(progress, now, askedWait);
  const nextAt = attemptTime(next, now, nextAttemptAt);
  reconciler.recorder.failed(subjectOf(progress.stored), problem.reason, problem.message, nextAt);
  return next;
}

/**
 * Says it in the status. `undefined`: the status says it; otherwise it could not be written, and the API server asks to wait
 * so long at least. Never throws. Times in seconds since the epoch.
 */
async function reportProblem(
  reconciler: Reconciler,
  { stored, observed, signed }: Progress,
  failure: Failure | undefined,
  {
    problem,
    triedAgainAt,
    now,
  }: { readonly problem: StateProblem; readonly triedAgainAt: Seconds; readonly now: Seconds },
): Promise<Milliseconds | undefined> {
  try {
    const result = { problem, nextAttemptAt: triedAgainAt, ...(signed === undefined ? {} : { signed }) };
    const outcome = reconciler.memory.budget.addContenders(stored.uid, result, { now });
    const status =
      failure === undefined || observed === undefined
        ? doubtfulStatus(stored, problem, triedAgainAt, now)
        : desiredStatus(observed, outcome, now);
    await writeStatus(reconciler, stored, status);
    return undefined;
  } catch (error) {
    // The API server that refused the one write may refuse the other, too: the recorder gets the first.
    const second = failureOf(reconciler, error);
    if (second === undefined) reconciler.onBug(error);
    return second?.retryAfter ?? 0;
  }
}

/** The problem, in words that hold however often the round is tried: the write budget keeps them. */
function problemOfFailure(
  failure: Failure | undefined,
  jwt: Jwt,
  refusedWait: Milliseconds | undefined,
): StateProblem {
  if (failure === undefined) return { reason: 'WriteFailed', message: INTERNAL_ERROR };
  return failure.refusal === undefined
    ? { reason: 'WriteFailed', message: `${failure.message}; it is tried again` }
    : { reason: 'WriteRefused', message: describeRefusal(failure.refusal, jwt, refusedWait) };
}

/** Whether the API server has no such JWT any more; one that cannot be asked for counts as being there. */
async function isGone(
  { observer }: Pick<Reconciler, 'observer'>,
  { namespace, name, uid }: Jwt,
): Promise<boolean> {
  try {
    const present = await observer.sources.readJwt(namespace, name);
    return present?.uid !== uid || present.isDeleting;
  } catch {
    return false;
  }
}
