import { desiredStatus } from '../reconcile/desired-status.ts';
import { renewalLateness } from '../reconcile/lateness.ts';
import type { Outcome } from '../reconcile/outcome.ts';
import type { SecretChange } from '../reconcile/plan.ts';
import type { RoundResult } from '../queue/work.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { RecordedStatus } from '../resources/recorded-status.ts';
import { ok, type Result } from '../resources/result.ts';
import { writeToken } from './act.ts';
import type { PlannedWrite } from './ask-budget.ts';
import { makeToken } from './make-token.ts';
import { subjectOf } from './recorder.ts';
import type { DecidedRound } from './round.ts';
import { saveStatus, settleRound } from './settle-round.ts';
import { spend } from './spend-write.ts';

/** A plan to sign a token. */
type SigningPlan = Extract<SecretChange, { do: 'sign' }>;

/** Signs a token, writes it to the Secret, and then the status; the end of the round. */
export async function sign(
  round: DecidedRound,
  plan: SigningPlan,
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

/**
 * Signs a token and writes it to the Secret; returns what its status is to say, or why it cannot be made. That status is noted
 * before the write: if the answer to that gets lost, the token that is found in the Secret shows whether it arrived.
 */
export async function writeNewToken(
  round: DecidedRound,
  { cause }: SigningPlan,
  { isScheduled, isAsked, keepsOwner }: PlannedWrite & { readonly keepsOwner?: true },
): Promise<Result<{ readonly outcome: Outcome; readonly status: RecordedStatus }, StateProblem>> {
  const { reconciler, progress, observed, now } = round;
  const { memory, recorder, store } = reconciler;
  const { jwt } = observed;
  const made = await makeToken(observed, now);
  if (!made.ok) return made;
  const { claims, algorithm, keyId, issuedAt, duration } = made.value;
  const signed = { claims, issuedAt };
  const more = isScheduled ? 0 : 1;
  const outcome = memory.budget.addContenders(jwt.uid, { signed }, { now, more });
  const status = desiredStatus(observed, outcome, now);
  const entry = {
    ...subjectOf(jwt),
    cause,
    algorithm,
    keyId,
    tokenId: claims.jti,
    expiresAt: claims.exp,
    duration,
    lateness: renewalLateness(observed, cause, now),
  };
  memory.pending.note(progress.stored, entry, status);
  await spend(round, { isScheduled, isAsked, tokenId: claims.jti }, () =>
    writeToken(store, observed, made.value, keepsOwner),
  );
  // A round that a former term gave up may get its answer after the next term has found the token.
  const isRecorded = memory.pending.hasArrived(entry);
  memory.pending.written(jwt.uid, claims.jti);
  progress.signed = signed;
  if (!isRecorded) recorder.signed(entry);
  return ok({ outcome, status });
}
