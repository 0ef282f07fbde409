import type { Failure } from '../reconcile/failure.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { Seconds } from '../time/units.ts';
import type { Progress, Reconciler } from './round.ts';
import { Stale, Unsent } from './stale.ts';

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

/** How the write ended, by the error that it threw. */
export function writeEndOf(failure: Failure | undefined, error: unknown): WriteEnd {
  if (error instanceof Unsent) return 'notSent';
  if (failure?.meaning === 'stale') return 'conflict';
  return failure?.refusal === undefined ? 'unknown' : 'refused';
}

/** A failed write counts as written: a client that keeps changing the JWT would get a signature for each change. */
export function countWrite(
  { memory }: Pick<Reconciler, 'memory'>,
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

/**
 * Whether a write of the Secret met a change that no watch had reported yet, or was not sent: the next round, which comes soon,
 * sees it or sends it.
 */
export function isSoonSettled(
  reconciler: Pick<Reconciler, 'classify' | 'memory'>,
  { stored }: Pick<Progress, 'stored'>,
  error: unknown,
): boolean {
  const end = writeEndOf(failureOf(reconciler, error), error);
  const isUnseen = end === 'conflict' && !reconciler.memory.conflicts.mustRead(stored.uid, 'token');
  return isUnseen || end === 'notSent';
}

/** The meaning of the error for the round; `undefined`: a bug. */
export function failureOf({ classify }: Pick<Reconciler, 'classify'>, error: unknown): Failure | undefined {
  return error instanceof Stale ? { meaning: 'stale', message: error.message } : classify(error);
}
