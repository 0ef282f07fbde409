import { desiredStatus } from '../reconcile/desired-status.ts';
import { doubtfulStatus } from '../reconcile/doubtful-status.ts';
import type { Failure } from '../reconcile/failure.ts';
import { nextDueTime } from '../reconcile/next-due-time.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Outcome } from '../reconcile/outcome.ts';
import { describeRefusal, waitAfterRefusal } from '../reconcile/refusal.ts';
import type { Retry, RoundResult } from '../queue/work.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { StateProblem } from '../resources/problem.ts';
import { toMilliseconds, toSeconds, type Milliseconds, type Seconds } from '../time/units.ts';
import { addContenders } from './hold-back.ts';
import type { Sources } from './observe.ts';
import { subjectOf } from './recorder.ts';
import { Stale, Unsent } from './stale.ts';
import { writeStatus, type StatusWriter } from './write-status.ts';

/** How a write of the Secret ended that was not made. */
type WriteEnd = 'conflict' | 'notSent' | 'refused' | 'unknown';

interface WriteEndMeaning {
  /** The write failed; otherwise it met a change of another client. */
  readonly isFailure: boolean;
  /** The token may still come to be in the Secret. */
  readonly mayArrive: boolean;
}

const WRITE_ENDS: Readonly<Record<WriteEnd, WriteEndMeaning>> = {
  conflict: { isFailure: false, mayArrive: true }, // the client may have sent it twice: the first one is the change
  notSent: { isFailure: true, mayArrive: false },
  refused: { isFailure: true, mayArrive: false },
  unknown: { isFailure: true, mayArrive: true },
};

/** A write of the Secret that was sent. */
export interface AttemptedWrite {
  readonly isScheduled: boolean;
  /** A change of the JWT or of its key asked for it, not one of the Secret. */
  readonly isAsked: boolean;
  /** The claim `jti` of the token in it; `undefined`: it holds the token that was there before. */
  readonly tokenId: string | undefined;
}

/** The state of a round so far. */
export interface Progress {
  /** The JWT as the cache had it when the round began. */
  readonly begunWith: Jwt;
  /** The JWT with the status that the API server has. */
  stored: Jwt;
  /** `undefined` until something was observed. */
  observed: Observed | undefined;
  /** The write that is being made to the Secret. */
  write: AttemptedWrite | undefined;
  /** The token that this round has written to the Secret. */
  signed: Outcome['signed'];
}

/** The dependencies of ending a failed round. */
export interface FailureHandler extends StatusWriter {
  readonly observer: { readonly sources: Pick<Sources, 'jwt' | 'readJwt'> };
  /** The meaning of an error that `store` or `observer` threw; `undefined`: it is a bug. */
  readonly classify: (error: unknown) => Failure | undefined;
  /** Called with a bug, for the log alone: it may hold anything. */
  readonly onBug: (error: unknown) => void;
}

/** The words of the status for a bug: its own words may hold a secret. */
const INTERNAL_ERROR = 'an internal error; see the log of jwt-injector; it is tried again';

/**
 * After a refusal of the API server or a bug: the status says so if it still can, and the JWT is tried again. Never throws.
 * @param times in seconds since the epoch; `nextAttemptAt`: when it is tried again at the earliest.
 */
export async function failRound(
  handler: FailureHandler,
  progress: Progress,
  error: unknown,
  { now, nextAttemptAt }: { readonly now: Seconds; readonly nextAttemptAt: Seconds },
): Promise<RoundResult> {
  const { stored, write, signed } = progress;
  const failure = failureOf(handler, error);
  if (failure === undefined) handler.onBug(error);
  const end = writeEndOf(failure, error);
  // Only a refused write of the Secret may wait that long: the service needs its other requests sooner.
  const refusal = write === undefined ? undefined : failure?.refusal;
  const refusedWait = refusal === undefined ? undefined : waitAfterRefusal(refusal);
  const retry = retryAfter(progress, now, failure?.retryAfter, refusedWait);
  const triedAgainAt = attemptTime(retry, now, nextAttemptAt);
  const problem = problemOfFailure(failure, stored, refusedWait);
  countWrite(handler, progress, now, end, problem);
  if (failure?.meaning === 'terminating') return { next: 'wait' };
  if (end === 'notSent') return retry;
  if (end === 'conflict') {
    const { conflicts } = handler.memory;
    const source = write === undefined ? 'jwt' : 'token';
    const wasRead = conflicts.mustRead(stored.uid, source);
    conflicts.note(stored.uid, source);
    if (!wasRead && signed === undefined) return retry;
  }
  // The watch will report that it is gone; if it stays after all, it is tried again.
  const mayBeGone = end === 'conflict' || failure?.meaning === 'absent';
  if (mayBeGone && (await isGone(handler, stored))) return { next: 'retry' };
  const statusWait = await reportProblem(handler, progress, failure, { problem, triedAgainAt, now });
  // As long as the status does not say it, nobody knows what to change: the long wait of a refused Secret is for later.
  const askedWait = Math.max(failure?.retryAfter ?? 0, statusWait ?? 0);
  const next = statusWait === undefined ? retry : retryAfter(progress, now, askedWait);
  const nextAt = attemptTime(next, now, nextAttemptAt);
  handler.recorder.failed(subjectOf(stored), problem.reason, problem.message, nextAt);
  return next;
}

/**
 * Says it in the status. `undefined`: the status says it; otherwise it could not be written, and the API server asks to wait
 * so long at least. Never throws. Times in seconds since the epoch.
 */
async function reportProblem(
  handler: FailureHandler,
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
    const outcome = addContenders(handler.memory.budget, stored, result, { now });
    const status =
      failure === undefined || observed === undefined
        ? doubtfulStatus(stored, problem, triedAgainAt, now)
        : desiredStatus(observed, outcome, now);
    await writeStatus(handler, stored, status);
    return undefined;
  } catch (error) {
    // The API server that refused the one write may refuse the other, too: the recorder gets the first.
    const second = failureOf(handler, error);
    if (second === undefined) handler.onBug(error);
    return second?.retryAfter ?? 0;
  }
}

/**
 * Another try, that waits as long as the API server asked for, and after a refusal still longer; but not when something is
 * due meanwhile. `now` in seconds since the epoch.
 */
export function retryAfter(
  { observed, signed }: Pick<Progress, 'observed' | 'signed'>,
  now: Seconds,
  askedWait: Milliseconds = 0,
  refusedWait: Milliseconds = 0,
): Retry {
  const after = Math.max(askedWait, refusedWait);
  const due = observed === undefined ? undefined : nextDueTime(observed, signed?.claims.exp, now);
  return {
    next: 'retry',
    ...(after === 0 ? {} : { after }),
    ...(due === undefined ? {} : { dueAt: Math.max(toMilliseconds(due), toMilliseconds(now) + askedWait) }),
  };
}

function writeEndOf(failure: Failure | undefined, error: unknown): WriteEnd {
  if (error instanceof Unsent) return 'notSent';
  if (failure?.meaning === 'stale') return 'conflict';
  return failure?.refusal === undefined ? 'unknown' : 'refused';
}

/** A failed write counts as written: a client that keeps changing the JWT would get a signature for each change. */
function countWrite(
  { memory }: FailureHandler,
  { stored: { uid }, write }: Progress,
  now: Seconds,
  end: WriteEnd,
  problem: StateProblem,
): void {
  if (write === undefined) return;
  const { isFailure, mayArrive } = WRITE_ENDS[end];
  const { isScheduled, isAsked } = write;
  memory.budget.spend(uid, now, isFailure ? { isScheduled, isAsked, problem } : { isScheduled });
  if (!mayArrive && write.tokenId !== undefined) memory.pending.drop(uid, write.tokenId);
}

/** When it is tried again: `nextAttemptAt` at the earliest, unless something is due before. All in seconds since the epoch. */
function attemptTime({ after = 0, dueAt }: Retry, now: Seconds, nextAttemptAt: Seconds): Seconds {
  return Math.min(
    Math.max(nextAttemptAt, now + toSeconds(after)),
    toSeconds(dueAt) ?? Number.POSITIVE_INFINITY,
  );
}

/**
 * Whether a write of the Secret met a change that no watch had reported yet, or was not sent: the next round, which comes soon,
 * sees it or sends it.
 */
export function isSoonSettled(
  handler: FailureHandler,
  { stored }: Pick<Progress, 'stored'>,
  error: unknown,
): boolean {
  const end = writeEndOf(failureOf(handler, error), error);
  const isUnseen = end === 'conflict' && !handler.memory.conflicts.mustRead(stored.uid, 'token');
  return isUnseen || end === 'notSent';
}

/** The meaning of the error for the round; `undefined`: a bug. */
function failureOf({ classify }: FailureHandler, error: unknown): Failure | undefined {
  return error instanceof Stale ? { meaning: 'stale', message: error.message } : classify(error);
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
async function isGone({ observer }: FailureHandler, { namespace, name, uid }: Jwt): Promise<boolean> {
  try {
    const present = await observer.sources.readJwt(namespace, name);
    return present?.uid !== uid || present.isDeleting;
  } catch {
    return false;
  }
}
